/* file.h - open block special files: their operations, which open.c is given. */
#pragma once

struct file_ops;

extern const struct file_ops bdev_file_ops;
