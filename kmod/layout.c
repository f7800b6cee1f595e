/*
 * layout.c - where each section of a module goes: in which part, at which offset.
 *
 * The sizes and the places come out of one walk in the order of the section headers
 * (place_section), made twice.
 */
#include "abi/errno.h"
#include "lib/elf64.h"
#include "kmod/image_private.h"
#include "kmod/layout.h"
#include "kmod/sections.h"
#include "lib/string.h"

#define PAGE	   4096ul
#define SIZE_LIMIT (1ull << 32) /* of a section, of a part: no machine has this for a module */
#define COPY_PIECE 65536u
#define ALIGN_MIN  8u /* records of the loader's tables lie well, whatever the header says */

/* Put the section at the end of its part, whose size so far is in @size.  Returns its offset. */
static uint64_t place_section(const struct image *img, uint32_t section, uint64_t *size)
{
	const struct elf64_shdr *s = &img->sections[section];
	uint64_t offset = ALIGN_UP(*size, max(s->sh_addralign, (uint64_t)ALIGN_MIN));

	*size = offset + s->sh_size;
	return offset;
}

int image_layout(struct image *img)
{
	uint64_t size[NR_IMAGE_PARTS] = { 0 };

	for (uint32_t i = 1; i < img->nr_sections; i++) {
		enum image_part part = image_section_part(img, i);
		int err = image_pause(img, i, 128);

		if (err)
			return err;
		if (!image_kept(img, i))
			continue;
		/* Each addend is below the limit, and so is the sum: nothing wraps. */
		if (img->sections[i].sh_size < SIZE_LIMIT)
			place_section(img, i, &size[part]);
		if (img->sections[i].sh_size >= SIZE_LIMIT || size[part] >= SIZE_LIMIT)
			return image_fail(img, -ENOMEM, "too large", image_section_name(img, i));
	}
	for (int part = 0; part < NR_IMAGE_PARTS; part++)
		img->part_size[part] = ALIGN_UP(size[part], PAGE);
	return 0;
}

/* What the file has of the section; the rest of the part is zero already. */
static int copy_section(const struct image *img, const struct elf64_shdr *s, uint8_t *to)
{
	size_t size = s->sh_type == SHT_NOBITS ? 0 : s->sh_size;

	for (size_t done = 0; done < size; done += COPY_PIECE) {
		int err = img->pause ? img->pause() : 0;

		if (err)
			return err;
		memcpy(to + done, img->file + s->sh_offset + done, min(size - done, COPY_PIECE));
	}
	return 0;
}

int image_place(const struct image *img, void *const part[NR_IMAGE_PARTS], uint64_t *address)
{
	uint64_t size[NR_IMAGE_PARTS] = { 0 };
	int err = 0;

	address[0] = 0;
	for (uint32_t i = 1; !err && i < img->nr_sections; i++) {
		enum image_part p = image_section_part(img, i);
		uint64_t offset;

		address[i] = 0;
		err = image_pause(img, i, 128);
		/* An empty section alone in its part has no place. */
		if (!image_kept(img, i) || !img->part_size[p])
			continue;
		offset = place_section(img, i, &size[p]);
		address[i] = (uint64_t)(uintptr_t)part[p] + offset;
		if (!err)
			err = copy_section(img, &img->sections[i], (uint8_t *)part[p] + offset);
	}
	return err;
}

/* How many bytes are left from @va to the end of the part that it lies in; 0: it lies in none. */
static uint64_t room_at(const struct image *img, void *const part[NR_IMAGE_PARTS], int p,
			uint64_t va)
{
	uint64_t base = (uint64_t)(uintptr_t)part[p];

	return va >= base && va - base < img->part_size[p] ? img->part_size[p] - (va - base) : 0;
}

static bool part_holds(const struct image *img, void *const part[NR_IMAGE_PARTS], int p,
		       uint64_t va, uint64_t size)
{
	uint64_t room = room_at(img, part, p, va);

	return room && size <= room;
}

bool image_holds(const struct image *img, void *const part[NR_IMAGE_PARTS], uint64_t va,
		 uint64_t size)
{
	for (int p = 0; p < NR_IMAGE_PARTS; p++)
		if (part_holds(img, part, p, va, size))
			return true;
	return false;
}

bool image_data(const struct image *img, void *const part[NR_IMAGE_PARTS], uint64_t va,
		uint64_t size)
{
	return part_holds(img, part, IMAGE_DATA, va, size) ||
	       part_holds(img, part, IMAGE_INIT_DATA, va, size);
}

bool image_string(const struct image *img, void *const part[NR_IMAGE_PARTS], uint64_t va,
		  size_t max)
{
	for (int p = 0; p < NR_IMAGE_PARTS; p++) {
		size_t room = min(room_at(img, part, p, va), (uint64_t)max);

		if (room && strnlen((const char *)(uintptr_t)va, room) < room)
			return true;
	}
	return false;
}

bool image_code(const struct image *img, void *const part[NR_IMAGE_PARTS], uint64_t va)
{
	return IS_ALIGNED(va, 4) && (room_at(img, part, IMAGE_TEXT, va) >= 4 ||
				     room_at(img, part, IMAGE_INIT_TEXT, va) >= 4);
}
