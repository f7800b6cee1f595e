# bench.mk - the benchmark program and the counting plugin; what they measure is said in bench/run.py.

build/bench/bench: bench/bench.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -static -O2 -s $< -o $@

build/bench/elcount.so: bench/elcount.c
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -O2 -shared -fPIC -fvisibility=hidden $< -o $@

start-bench: all build/bench/bench build/bench/elcount.so
	@$(PYTHON) bench/run.py $(if $(ONLY),--only $(ONLY)) $(if $(TRACE),--trace $(TRACE)) $(if $(CLASSES),--classes) $(if $(HIST),--hist $(HIST))

# The rows that wait for a disk: another program and another way to count (bench/disk.py).
build/bench/disk: bench/disk.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -static -O2 -s $< -o $@

start-bench-disk: all build/bench/disk build/bench/elcount.so
	@$(PYTHON) bench/disk.py $(if $(KERNEL),--kernel $(KERNEL)) $(if $(ONLY),--only $(ONLY)) $(if $(HIST),--hist $(HIST)) $(if $(RECORD),--record)

# The ways through /dev/kvm (bench/kvm.py).
build/bench/kvm: bench/kvm.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -static -O2 -s $< -o $@

start-bench-kvm: all build/bench/kvm build/bench/elcount.so
	@$(PYTHON) bench/kvm.py $(if $(KERNEL),--kernel $(KERNEL)) $(if $(ON),--machine $(ON)) $(if $(ONLY),--only $(ONLY)) $(if $(HIST),--hist $(HIST)) $(if $(RECORD),--record)
