"""Machines that are network namespaces on one bridge. Takes root and ip."""
import os
import pathlib
import signal
import subprocess
import textwrap

HOSTS = 4


def run(*words, check=True, **options):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{words}: {done.stderr}")
    return done


class Cluster:
    """Hosts elmo0 .. elmo3 with addresses 10.77.0.1 .. 4; on(I) begins a command there."""

    def __init__(self, folder):
        self.folder = folder
        self.down()
        run("ip", "netns", "add", "elmosw")
        run("ip", "-n", "elmosw", "link", "add", "br0", "type", "bridge")
        run("ip", "-n", "elmosw", "link", "set", "br0", "up")
        for i in range(HOSTS):
            run("ip", "netns", "add", f"elmo{i}")
            run("ip", "link", "add", f"v{i}", "netns", f"elmo{i}", "type", "veth", "peer", "name",
                f"p{i}", "netns", "elmosw")
            run("ip", "-n", "elmosw", "link", "set", f"p{i}", "master", "br0", "up")
            run("ip", "-n", f"elmo{i}", "addr", "add", f"10.77.0.{i + 1}/24", "dev", f"v{i}")
            run("ip", "-n", f"elmo{i}", "link", "set", f"v{i}", "up")
            run("ip", "-n", f"elmo{i}", "link", "set", "lo", "up")
        # nsenter, not ip netns exec, which mounts a new /sys and so hides what slurmd wants.
        self.on = folder / "on"
        self.on.write_text(textwrap.dedent("""\
            #!/bin/sh
            i=$1; shift
            exec nsenter --net=/run/netns/elmo$i unshare --uts --mount \\
              sh -c "hostname elmo$i; exec \\"\\$@\\"" sh "$@"
            """))
        self.agent = folder / "agent"
        self.agent.write_text(textwrap.dedent(f"""\
            #!/bin/sh
            # mpirun's way to a host: agent ADDRESS COMMAND...
            host=$1; shift
            i=$((${{host##*.}} - 1))
            exec {self.on} $i sh -c "$*"
            """))
        self.hosts = folder / "hosts"
        self.hosts.write_text("".join(f"10.77.0.{i + 1} slots=1\n" for i in range(HOSTS)))
        for script in (self.on, self.agent):
            script.chmod(0o755)

    @staticmethod
    def end_all():
        """Kills whatever runs on the hosts."""
        for i in range(HOSTS):
            for pid in run("ip", "netns", "pids", f"elmo{i}", check=False).stdout.split():
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass

    @classmethod
    def down(cls):
        cls.end_all()
        for name in ["elmosw", *(f"elmo{i}" for i in range(HOSTS))]:
            run("ip", "netns", "del", name, check=False)

    @staticmethod
    def programs(i, name="elmo"):
        """The ids of the programs of this name on a host."""
        result = []
        for pid in run("ip", "netns", "pids", f"elmo{i}").stdout.split():
            try:
                if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == name:
                    result.append(int(pid))
            except OSError:
                pass
        return result
