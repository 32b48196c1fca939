// SPDX-License-Identifier: MIT
// Sends UDP packets at a steady rate, or receives and counts them, until its standard input is closed; then prints its count.
//   traffic send ADDRESS RATE PERIOD TIME   RATE in packets a second, 0: as many as the kernel takes; once in PERIOD
//                                           microseconds a packet asks each chain's first program to take TIME microseconds
//   traffic receive
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 9000, BATCH = 32, BUFFER = 512 << 20 };

static void fail(const char *what)
{
	fprintf(stderr, "traffic: cannot %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* True once whoever started this has closed the pipe. */
static int asked_to_stop(void)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };

	return poll(&input, 1, 0) > 0;
}

static int udp_socket(int buffer_option)
{
	int descriptor = socket(AF_INET, SOCK_DGRAM, 0), size = BUFFER;

	if (descriptor < 0)
		fail("open a socket");
	if (setsockopt(descriptor, SOL_SOCKET, buffer_option, &size, sizeof(size)))
		fail("enlarge the socket's buffer");
	return descriptor;
}

static struct sockaddr_in place(const char *address)
{
	struct sockaddr_in place = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	if (address && inet_pton(AF_INET, address, &place.sin_addr) != 1)
		fail("read the address");
	return place;
}

struct sender {
	int descriptor;
	uint64_t sent;
	double period; /* seconds */
	double next_slow;
	uint32_t microseconds;
};

static uint32_t time_of_next(struct sender *sender)
{
	if (now() < sender->next_slow)
		return 0;
	sender->next_slow = now() + sender->period;
	return sender->microseconds;
}

static void send_batch(struct sender *sender, unsigned int packets)
{
	struct mmsghdr messages[BATCH] = {};
	struct iovec vectors[BATCH];
	uint32_t microseconds[BATCH] = { time_of_next(sender) };

	for (unsigned int i = 0; i < packets; i++) {
		vectors[i] = (struct iovec){ .iov_base = &microseconds[i], .iov_len = sizeof(microseconds[i]) };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &vectors[i], .msg_iovlen = 1 };
	}
	for (unsigned int done = 0; done < packets;) {
		int sent = sendmmsg(sender->descriptor, messages + done, packets - done, 0);

		/* ENOBUFS: the queue is full, the packet was not sent. */
		if (sent < 0 && errno != EINTR && errno != ENOBUFS)
			fail("send");
		if (sent > 0)
			done += sent;
	}
	sender->sent += packets;
}

static void send_packets(const char *address, double rate, uint32_t period, uint32_t microseconds)
{
	struct sender sender = {
		.descriptor = udp_socket(SO_SNDBUFFORCE),
		.period = period / 1e6,
		.microseconds = microseconds,
	};
	struct sockaddr_in to = place(address);
	double start = now();

	if (connect(sender.descriptor, (struct sockaddr *)&to, sizeof(to)))
		fail("connect");
	while (!asked_to_stop()) {
		double due = rate > 0 ? (now() - start) * rate - sender.sent : BATCH;

		if (due < 1)
			nanosleep(&(struct timespec){ .tv_nsec = 50000 }, 0);
		else
			send_batch(&sender, due < BATCH ? due : BATCH);
	}
	printf("{\"sent\": %llu, \"seconds\": %.3f}\n", (unsigned long long)sender.sent, now() - start);
}

/* The sender has ended before this is asked to stop: what a quiet moment finds nothing of was lost. */
static void receive_packets(void)
{
	int descriptor = udp_socket(SO_RCVBUFFORCE), stopping = 0;
	struct sockaddr_in here = place(0);
	struct timeval quiet = { .tv_usec = 250000 };
	struct mmsghdr messages[BATCH * 8] = {};
	char bytes[16];
	struct iovec vector = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	uint64_t received = 0;

	for (unsigned int i = 0; i < BATCH * 8; i++)
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &vector, .msg_iovlen = 1 };
	if (bind(descriptor, (struct sockaddr *)&here, sizeof(here)))
		fail("bind");
	if (setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof(quiet)))
		fail("set a time limit");
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		int count = recvmmsg(descriptor, messages, BATCH * 8, MSG_WAITFORONE, 0);

		if (count > 0)
			received += count;
		else if (errno != EAGAIN && errno != EINTR)
			fail("receive");
		else if (stopping)
			break;
		else
			stopping = asked_to_stop();
	}
	printf("{\"received\": %llu}\n", (unsigned long long)received);
}

int main(int argc, char **argv)
{
	/* Whoever started this may die. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc == 6 && !strcmp(argv[1], "send"))
		send_packets(argv[2], atof(argv[3]), strtoul(argv[4], 0, 10), strtoul(argv[5], 0, 10));
	else if (argc == 2 && !strcmp(argv[1], "receive"))
		receive_packets();
	else
		return 2;
	return 0;
}
