# stretch.mk - the attacks under which tests/boot/test_stretches.py measures the kernel of make CHECKED=1.

ADVERSARY := build/tests/adversary

$(ADVERSARY): $(wildcard tests/stretch/*.c) tests/el0/tap.c tests/stretch/adversary.h tests/el0/kvm/guest.h tests/stretch/stretch.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -D_GNU_SOURCE -std=gnu11 -O2 -iquote . -Wall -Wextra -Werror -Wno-missing-field-initializers \
		-ffile-prefix-map=$(CURDIR)=. -static -pthread -s -o $@ $(filter %.c,$^)
