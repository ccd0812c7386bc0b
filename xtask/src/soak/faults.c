/* Makes the store's disk fail: loaded into the server before the C library (LD_PRELOAD). The FAULT_AT-th call of a kind on a file
 * called study.sqlite… fails, FAULT_TIMES times: writes as on a full disk, fsyncs as on a broken one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static int is_store(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return strstr(path, "study.sqlite") != NULL;
}

static int fails(const char *kind, int file) {
    const char *wanted = getenv("FAULT_KIND");
    if (!wanted || strcmp(wanted, kind) || !is_store(file)) return 0;
    long at = atol(getenv("FAULT_AT")), times = atol(getenv("FAULT_TIMES"));
    long call = atomic_fetch_add(&calls, 1) + 1;
    return call >= at && call < at + times;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int file, const void *bytes, size_t n, off64_t at) {
    if (fails("write", file)) { errno = ENOSPC; return -1; }
    return REAL(pwrite64)(file, bytes, n, at);
}

ssize_t pwrite(int file, const void *bytes, size_t n, off_t at) {
    if (fails("write", file)) { errno = ENOSPC; return -1; }
    return REAL(pwrite)(file, bytes, n, at);
}

ssize_t write(int file, const void *bytes, size_t n) {
    if (fails("write", file)) { errno = ENOSPC; return -1; }
    return REAL(write)(file, bytes, n);
}

int fsync(int file) {
    if (fails("sync", file)) { errno = EIO; return -1; }
    return REAL(fsync)(file);
}

int fdatasync(int file) {
    if (fails("sync", file)) { errno = EIO; return -1; }
    return REAL(fdatasync)(file);
}
