/*
 * time.c - dates of the disk: local time in steps of two seconds from 1980 to 2107.
 *
 * The zone is the mount's (time_offset=, tz=UTC), else the one that settimeofday(2) has set.
 */
#include "fs/fat/time.h"

#include "task/time/clock.h"

#define DAY	     86400
#define DAYS_TO_1980 3652 /* from 1970 */
#define YEAR_2100    120u /* from 1980, and no leap year */
#define LAST_DATE    (127u << 9 | 12u << 5 | 31u)
#define LAST_TIME    (23u << 11 | 59u << 5 | 29u)

static int64_t zone_of(const struct fat_options *o)
{
	return (o->zone_set ? o->zone : clock_zone().tz_minuteswest) * 60LL;
}

static uint32_t is_leap_year(uint32_t year)
{
	return year % 4 == 0 && year != YEAR_2100;
}

/* Days before @month (0 .. 11) in a year. */
static uint32_t days_before(uint32_t year, uint32_t month)
{
	static const uint16_t days[] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365
	};

	return days[month] + (month > 1 ? is_leap_year(year) : 0);
}

static uint32_t days_before_year(uint32_t year)
{
	return year * 365 + (year + 3) / 4 - (year > YEAR_2100);
}

struct vfs_time fat_time_from(const struct fat_options *o, uint16_t date, uint16_t time, uint8_t cs)
{
	uint32_t year = date >> 9, month = date >> 5 & 15, day = date & 31;
	int64_t sec = (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2 + cs / 100;

	/* A month or day 0 is what some cameras write. */
	month = month ? min(month, 12u) - 1 : 0;
	day = days_before_year(year) + days_before(year, month) + (day ? day - 1 : 0);
	sec += (int64_t)(DAYS_TO_1980 + day) * DAY + zone_of(o);
	return (struct vfs_time){ .sec = sec, .nsec = cs % 100 * 10000000u };
}

void fat_time_to(const struct fat_options *o, struct vfs_time t, uint16_t *date, uint16_t *time,
		 uint8_t *cs)
{
	int64_t sec = t.sec - zone_of(o) - (int64_t)DAYS_TO_1980 * DAY;
	uint32_t days = (uint32_t)(sec / DAY), year = 0, month = 0, in_day = (uint32_t)(sec % DAY);

	*date = 1 << 5 | 1;
	*time = 0;
	*cs = 0;
	if (sec < 0)
		return;
	if (sec >= (int64_t)days_before_year(128) * DAY) {
		*date = LAST_DATE;
		*time = LAST_TIME;
		*cs = 199;
		return;
	}
	while (days_before_year(year + 1) <= days)
		year++;
	days -= days_before_year(year);
	while (days_before(year, month + 1) <= days)
		month++;
	days -= days_before(year, month);
	*date = (uint16_t)(year << 9 | (month + 1) << 5 | (days + 1));
	*time = (uint16_t)(in_day / 3600 << 11 | in_day / 60 % 60 << 5 | in_day % 60 / 2);
	*cs = (uint8_t)(in_day % 2 * 100 + t.nsec / 10000000);
}

struct vfs_time fat_round_atime(const struct fat_fs *fs, struct vfs_time t)
{
	int64_t over = (t.sec - zone_of(&fs->o)) % DAY;

	if (!fs->vfat)
		return t;
	t.sec -= over < 0 ? over + DAY : over;
	t.nsec = 0;
	return t;
}
