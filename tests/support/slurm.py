"""Slurm, all of whose daemons run here for a test, on the machines of cluster.py. Takes root, ip,
slurmctld, slurmd and munged."""
import os
import subprocess
import time

from cluster import HOSTS

CONF = """\
ClusterName=elmo
SlurmctldHost=elmo0(10.77.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/ctl
SlurmdSpoolDir={folder}/%h
SlurmctldPidFile={folder}/ctl/slurmctld.pid
SlurmdPidFile={folder}/%h/slurmd.pid
SlurmctldLogFile={folder}/ctl/log
SlurmdLogFile={folder}/%h/log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
TmpFS={folder}/%h
{nodes}PartitionName=all Nodes=elmo[0-{last}] Default=YES State=UP MaxTime=INFINITE
"""


class Slurm:
    """A partition of all hosts; its programs find it by the environment of this process. `cleanup`
    is told what ends each daemon."""

    def __init__(self, folder, cluster, cleanup):
        self.cleanup = cleanup
        for name in ("ctl", *(f"elmo{i}" for i in range(HOSTS))):
            (folder / name).mkdir()
        nodes = "".join(f"NodeName=elmo{i} NodeAddr=10.77.0.{i + 1} CPUs=2\n"
                        for i in range(HOSTS))
        (folder / "slurm.conf").write_text(CONF.format(folder=folder, nodes=nodes, last=HOSTS - 1))
        (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        (folder / "key").write_bytes(os.urandom(1024))
        (folder / "key").chmod(0o600)
        os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
        self.daemon("munged", "--foreground", "--force", f"--socket={folder}/munge.socket",
                    f"--key-file={folder}/key", f"--pid-file={folder}/munge.pid",
                    f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed")
        self.daemon(cluster.on, "0", "slurmctld", "-D")
        for i in range(HOSTS):
            self.daemon(cluster.on, i, "slurmd", "-D", "-N", f"elmo{i}")
        deadline = time.monotonic() + 60
        while True:
            state = subprocess.run([cluster.on, "0", "sinfo", "-h", "-t", "idle", "-o", "%D"],
                                   capture_output=True, text=True).stdout.strip()
            if state == str(HOSTS):
                return
            if time.monotonic() > deadline:
                raise AssertionError("Slurm does not start: " + (folder / "ctl/log").read_text())
            time.sleep(0.3)

    def daemon(self, *words):
        process = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def end():
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.cleanup(end)
