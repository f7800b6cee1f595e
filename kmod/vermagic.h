/*
 * vermagic.h - by what a kernel knows a module that was compiled for it.
 */
#pragma once

/*
 * vermagic - "6.12.0-newel SMP mod_unload aarch64 exports:H layouts:H flags:H": the release, and
 * hashes of the exported names, of all that the headers declaring them say, and of the compiler
 * with its flags (tools/exports.py).  A module carries the same text as MODULE_INFO(vermagic, ...).
 */
extern const char vermagic[];
