/*
 * module.h - finit_module(2): flags.
 */
#pragma once

#define MODULE_INIT_IGNORE_MODVERSIONS 1u
#define MODULE_INIT_IGNORE_VERMAGIC    2u
#define MODULE_INIT_COMPRESSED_FILE    4u
