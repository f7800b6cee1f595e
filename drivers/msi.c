/* msi.c - from a device tree's node to the driver that gives message-signalled interrupts. */
#include "drivers/msi.h"

#include "abi/errno.h"
#include "log/printk.h"

#define MSI_CHIPS 4 /* a machine has one, or a GICv2m frame or two */

static struct {
	const struct msi_chip *chip;
	int node;
} chips[MSI_CHIPS];
static unsigned int nr_chips;

void msi_register(const struct msi_chip *chip, int node)
{
	if (nr_chips == MSI_CHIPS) {
		pr_warn("msi: more than %u controllers; one is left alone\n", MSI_CHIPS);
		return;
	}
	chips[nr_chips].chip = chip;
	chips[nr_chips++].node = node;
}

int msi_take(int node, uint32_t id, unsigned int n, struct msi_message *m)
{
	for (unsigned int i = 0; i < nr_chips; i++)
		if (chips[i].node == node)
			return chips[i].chip->take(id, n, m);
	return -ENODEV;
}
