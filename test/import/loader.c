// SPDX-License-Identifier: MIT
// Loads a stack as programs with libbpf do: sets a constant, fills the program array, attaches, pins, and exits.
// loader OBJECT DIRECTORY INTERFACE CGROUP [hold|plain]: with `hold` links are not pinned, and it stays until its input ends; with
// `plain` no map gets another size.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BPF_TCX_INGRESS_NUMBER 46

static const char *directory;

static void check(const char *what, long result)
{
	if (result >= 0)
		return;
	fprintf(stderr, "cannot %s: %s\n", what, strerror(-result));
	exit(1);
}

static const char *path_of(const char *kind, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", directory, kind);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/%s", directory, kind, name);
	return path;
}

/* A constant by its name, as a skeleton would find it. */
static void set_constant(struct bpf_object *object, const char *name, __u32 value)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_type *section = btf__type_by_id(btf, btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC));
	size_t size;
	char *bytes = malloc(4096);

	for (int i = 0; i < btf_vlen(section); i++) {
		const struct btf_var_secinfo *place = btf_var_secinfos(section) + i;
		if (strcmp(btf__name_by_offset(btf, btf__type_by_id(btf, place->type)->name_off), name))
			continue;
		memcpy(bytes, bpf_map__initial_value(map, &size), bpf_map__value_size(map));
		memcpy(bytes + place->offset, &value, sizeof(value));
		check("set a constant", bpf_map__set_initial_value(map, bytes, bpf_map__value_size(map)));
	}
	free(bytes);
}

static void fill(struct bpf_object *object, __u32 slot, const char *program)
{
	int fd = bpf_program__fd(bpf_object__find_program_by_name(object, program));

	check("fill a slot", bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "handlers"), &slot, &fd, 0));
}

static void pin_maps(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		char name[64];

		if (bpf_map__is_pinned(map))
			continue;
		snprintf(name, sizeof(name), "%s", bpf_map__name(map));
		for (char *dot = name; *dot; dot++)
			if (*dot == '.')
				*dot = '_';
		check("pin a map", bpf_map__pin(map, path_of("maps", name)));
	}
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	directory = argv[2];
	int hold = argc > 5 && !strcmp(argv[5], "hold");
	LIBBPF_OPTS(bpf_object_open_opts, options, .pin_root_path = directory);

	mkdir(directory, 0700);
	struct bpf_object *object = bpf_object__open_file(argv[1], &options);
	check("open the object", libbpf_get_error(object));
	set_constant(object, "step", 5);
	if (argc < 6 || strcmp(argv[5], "plain"))
		check("size a map", bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "by_version"), 32));
	check("load the object", bpf_object__load(object));
	fill(object, 0, "handle_ipv4");
	fill(object, 1, "handle_ipv6");

	int interface = if_nametoindex(argv[3]);
	struct bpf_link *xdp = bpf_program__attach_xdp(bpf_object__find_program_by_name(object, "ingress"), interface);
	check("attach XDP", libbpf_get_error(xdp));
	int tcx = bpf_link_create(bpf_program__fd(bpf_object__find_program_by_name(object, "watch")), interface,
				  BPF_TCX_INGRESS_NUMBER, NULL);
	check("attach tcx", tcx);
	int cgroup = open(argv[4], O_RDONLY);
	struct bpf_link *connect =
		bpf_program__attach_cgroup(bpf_object__find_program_by_name(object, "note_connect"), cgroup);
	check("attach to the cgroup", libbpf_get_error(connect));

	pin_maps(object);
	path_of("programs", "");
	char programs[512];
	snprintf(programs, sizeof(programs), "%s/programs", directory);
	check("pin programs", bpf_object__pin_programs(object, programs));
	if (!hold) {
		check("pin the XDP link", bpf_link__pin(xdp, path_of("links", "uplink")));
		check("pin the tcx link", bpf_obj_pin(tcx, path_of("links", "watcher")));
		check("pin the cgroup link", bpf_link__pin(connect, path_of("links", "connects")));
		return 0;
	}
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
