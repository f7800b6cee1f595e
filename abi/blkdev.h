/*
 * blkdev.h - what a block device is asked by ioctl(2): sizes, read-ahead, partitions; and loop
 * devices (loop(4)).
 */
#pragma once

#include <stdint.h>

#define BLKROSET	 0x125d /* int: 1: nobody writes it */
#define BLKROGET	 0x125e
#define BLKRRPART	 0x125f /* read the partition table anew */
#define BLKGETSIZE	 0x1260 /* unsigned long, sectors of 512 bytes */
#define BLKFLSBUF	 0x1261
#define BLKRASET	 0x1262 /* a number, sectors of 512 bytes */
#define BLKRAGET	 0x1263
#define BLKFRASET	 0x1264
#define BLKFRAGET	 0x1265
#define BLKSECTGET	 0x1267	    /* unsigned short */
#define BLKSSZGET	 0x1268	    /* int */
#define BLKPG		 0x1269	    /* struct blkpg_ioctl_arg */
#define BLKBSZGET	 0x80081270 /* int, whatever its number says */
#define BLKBSZSET	 0x40081271
#define BLKGETSIZE64	 0x80081272 /* uint64_t, bytes */
#define BLKDISCARD	 0x1277	    /* uint64_t[2]: first byte, how many */
#define BLKIOMIN	 0x1278
#define BLKIOOPT	 0x1279
#define BLKALIGNOFF	 0x127a
#define BLKPBSZGET	 0x127b
#define BLKDISCARDZEROES 0x127c
#define BLKSECDISCARD	 0x127d
#define BLKROTATIONAL	 0x127e /* unsigned short */
#define BLKZEROOUT	 0x127f
#define BLKGETDISKSEQ	 0x80081280
#define HDIO_GETGEO	 0x0301

struct hd_geometry {
	uint8_t heads, sectors;
	uint16_t cylinders;
	uint64_t start;
};

struct blkpg_ioctl_arg {
	int32_t op; /* BLKPG_*_PARTITION */
	int32_t flags;
	int32_t datalen;
	uint64_t data; /* where struct blkpg_partition is */
};

#define BLKPG_ADD_PARTITION    1
#define BLKPG_DEL_PARTITION    2
#define BLKPG_RESIZE_PARTITION 3

struct blkpg_partition {
	int64_t start, length; /* bytes */
	int32_t pno;
	char devname[64], volname[64]; /* ignored */
};

/* loop(4) */
#define LO_NAME_SIZE	    64
#define LO_KEY_SIZE	    32
#define LO_FLAGS_READ_ONLY  1
#define LO_FLAGS_AUTOCLEAR  4
#define LO_FLAGS_PARTSCAN   8
#define LO_FLAGS_DIRECT_IO  16

#define LOOP_SET_FD	    0x4c00
#define LOOP_CLR_FD	    0x4c01
#define LOOP_SET_STATUS64   0x4c04
#define LOOP_GET_STATUS64   0x4c05
#define LOOP_CHANGE_FD	    0x4c06
#define LOOP_SET_CAPACITY   0x4c07
#define LOOP_SET_DIRECT_IO  0x4c08
#define LOOP_SET_BLOCK_SIZE 0x4c09
#define LOOP_CONFIGURE	    0x4c0a
#define LOOP_CTL_ADD	    0x4c80
#define LOOP_CTL_REMOVE	    0x4c81
#define LOOP_CTL_GET_FREE   0x4c82

struct loop_info64 {
	uint64_t lo_device, lo_inode, lo_rdevice; /* of the file that is behind it */
	uint64_t lo_offset;			  /* of the file, bytes */
	uint64_t lo_sizelimit;			  /* bytes; 0: to the file's end */
	uint32_t lo_number;
	uint32_t lo_encrypt_type, lo_encrypt_key_size;
	uint32_t lo_flags; /* LO_FLAGS_* */
	uint8_t lo_file_name[LO_NAME_SIZE];
	uint8_t lo_crypt_name[LO_NAME_SIZE];
	uint8_t lo_encrypt_key[LO_KEY_SIZE];
	uint64_t lo_init[2];
};

struct loop_config {
	uint32_t fd;
	uint32_t block_size; /* 0: 512 */
	struct loop_info64 info;
	uint64_t reserved[8];
};
