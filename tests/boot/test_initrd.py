"""The initrd in every form that Linux takes, and in the forms that must be refused."""

import gzip

import initrd
import pytest


def hello_tree(program):
    return initrd.archive(initrd.directory("bin"), initrd.file("init", program("hello")))


def says_hello(run):
    run.expect(r"hello syscall v8$")
    run.expect(r"newel: panic: ")
    assert run.finish() == 0


@pytest.mark.parametrize("el", [1, 3], ids=["img", "elf"])
def test_gzip(boot, program, el):
    says_hello(boot(gzip.compress(hello_tree(program)), el=el, append="panic=-1"))


@pytest.mark.both_boards
def test_concatenated(boot, program):
    """A later archive's file replaces an earlier one's of the same name; zeros may stand between."""
    first = initrd.archive(initrd.file("init", b"#!/nowhere\n"), initrd.file("other", b"x"))
    says_hello(boot(first + bytes(512) + hello_tree(program), append="panic=-1"))


@pytest.mark.both_boards
def test_concatenated_gzip(boot, program):
    first = initrd.archive(initrd.file("other", b"x"))
    says_hello(boot(first + gzip.compress(hello_tree(program)), append="panic=-1"))


def test_init_by_name(boot, program):
    tree = initrd.archive(initrd.directory("sbin"), initrd.file("sbin/other", program("hello")))
    says_hello(boot(tree, append="panic=-1 init=/sbin/other"))


@pytest.mark.both_boards
def test_init_by_link(boot, program):
    tree = initrd.archive(initrd.symlink("init", "real"), initrd.file("real", program("hello")))
    says_hello(boot(tree, append="panic=-1"))
