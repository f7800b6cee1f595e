# abi/ against Linux's headers and against linux.golden
test-abi:
	$(Q)CC="$(or $(HOSTED_CC),$(CC))" tests/abi/check.sh $(B)/tests/abi

.PHONY: test-abi
