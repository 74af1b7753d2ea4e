/* A process that is killed in the middle of what it does: preloaded into laggd, this counts the
 * calls by which its main thread changes the world, from the moment on that the file named in
 * LAGG_KILL_AT exists, and ends the process by SIGKILL before the one whose number the file has. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static long steps;

/* -1 while the file is not there. */
static long number_in_file(void) {
    const char *path = getenv("LAGG_KILL_AT");
    const int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return -1;
    char text[32] = {0};
    const ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    return length > 0 ? atol(text) : -1;
}

static void step(void) {
    if (syscall(SYS_gettid) != getpid()) return;
    const long last = number_in_file();
    if (last < 0) return;
    if (++steps >= last) kill(getpid(), SIGKILL);
}

/* C has no conversion from an object's address to a function's. */
#define REAL(name)                                                                                 \
    static __typeof__(&name) real;                                                                 \
    if (!real) {                                                                                   \
        void *found = dlsym(RTLD_NEXT, #name);                                                     \
        memcpy(&real, &found, sizeof real);                                                        \
    }

int rte_eth_dev_start(uint16_t port);
int rte_eth_dev_close(uint16_t port);
int rte_eth_dev_set_mtu(uint16_t port, uint16_t mtu);

int rte_eth_dev_start(uint16_t port) {
    REAL(rte_eth_dev_start)
    step();
    return real(port);
}

int rte_eth_dev_close(uint16_t port) {
    REAL(rte_eth_dev_close)
    step();
    return real(port);
}

int rte_eth_dev_set_mtu(uint16_t port, uint16_t mtu) {
    REAL(rte_eth_dev_set_mtu)
    step();
    return real(port, mtu);
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags) {
    REAL(sendmsg)
    step();
    return real(socket, message, flags);
}

ssize_t sendto(int socket, const void *bytes, size_t length, int flags,
               __CONST_SOCKADDR_ARG address, socklen_t address_length) {
    REAL(sendto)
    step();
    return real(socket, bytes, length, flags, address, address_length);
}

int bind(int socket, __CONST_SOCKADDR_ARG address, socklen_t length) {
    REAL(bind)
    step();
    return real(socket, address, length);
}

int ioctl(int fd, unsigned long request, ...) {
    static int (*real)(int, unsigned long, void *);
    if (!real) {
        void *found = dlsym(RTLD_NEXT, "ioctl");
        memcpy(&real, &found, sizeof real);
    }
    __builtin_va_list arguments;
    __builtin_va_start(arguments, request);
    void *argument = __builtin_va_arg(arguments, void *);
    __builtin_va_end(arguments);
    step();
    return real(fd, request, argument);
}

int rename(const char *from, const char *to) {
    REAL(rename)
    step();
    return real(from, to);
}

int fsync(int fd) {
    REAL(fsync)
    step();
    return real(fd);
}

int remove(const char *path) {
    REAL(remove)
    step();
    return real(path);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    REAL(write)
    step();
    return real(fd, bytes, length);
}
