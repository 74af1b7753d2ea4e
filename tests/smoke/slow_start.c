/* A device whose start takes long, as the reset of a NIC can: preloaded into laggd, this makes the
 * start of the device named in LAGG_SLOW_DEVICE block for LAGG_SLOW_SECONDS before it is done. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kLongestName = 64 }; /* RTE_ETH_NAME_MAX_LEN */

int rte_eth_dev_get_name_by_port(uint16_t port, char *name);
int rte_eth_dev_start(uint16_t port);

int rte_eth_dev_start(uint16_t port) {
    /* C has no conversion from an object's address to a function's. */
    void *found = dlsym(RTLD_NEXT, "rte_eth_dev_start");
    int (*start)(uint16_t) = 0;
    memcpy(&start, &found, sizeof start);
    const char *slow = getenv("LAGG_SLOW_DEVICE");
    const char *seconds = getenv("LAGG_SLOW_SECONDS");
    char name[kLongestName];
    if (slow && seconds && rte_eth_dev_get_name_by_port(port, name) == 0 &&
        strcmp(name, slow) == 0) {
        struct timespec left = {.tv_sec = atoi(seconds)};
        while (nanosleep(&left, &left) != 0) {
        }
    }
    return start(port);
}
