"""A dump as a job array of Slurm, all of whose daemons run here for the test:
python3 slurm_test.py ELMO."""
import os
import pathlib
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import ProgramTest  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)

CONFIGURATION = """\
ClusterName=elmo
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2
PartitionName=all Nodes={host} Default=YES State=UP MaxTime=INFINITE
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class SlurmTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(60, size=800)
        cls.share_model("--steps", 2, "--batch-size", 16)
        cls.start_slurm(cls.shared / "slurm")

    @classmethod
    def start_slurm(cls, folder):
        for name in ("state", "spool"):
            (folder / name).mkdir(parents=True)
        host = socket.gethostname().split(".")[0]
        (folder / "slurm.conf").write_text(
            CONFIGURATION.format(folder=folder, host=host, ports=free_ports(2)))
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o400)
        cls.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        cls.start(folder, "munged", "--foreground", "--force", "--key-file", folder / "munge.key",
                  "--socket", folder / "munge.socket", "--pid-file", folder / "munge.pid",
                  "--log-file", folder / "munge.log", "--seed-file", folder / "munge.seed")
        cls.wait_for(lambda: (folder / "munge.socket").exists(), "munged")
        cls.start(folder, "slurmctld", "-D", "-i")
        cls.start(folder, "slurmd", "-D", "-N", host)
        cls.wait_for(lambda: "idle" in cls.ask("sinfo", "-h", "-o", "%T"), "a node of Slurm")

    @classmethod
    def start(cls, folder, *words):
        log = open(folder / f"{words[0]}.out", "wb")
        process = subprocess.Popen([*map(str, words)], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, env=cls.environment)
        log.close()

        def stop():
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        cls.addClassCleanup(stop)

    @classmethod
    def wait_for(cls, holds, what):
        for _ in range(300):
            if holds():
                return
            time.sleep(0.2)
        raise AssertionError(f"{what} did not start")

    @classmethod
    def ask(cls, *words):
        return subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=120,
                              env=cls.environment).stdout

    def words(self, output, *options):
        return ("dump", "--model", self.shared / "model", "--input", self.corpus, "--output",
                output, *options)

    def submit(self, *options, command=""):
        """A batch job that runs the dump; what it printed."""
        script = self.folder / "job.sh"
        program = " ".join(map(str, (self.ELMO, *self.words(self.folder / "v.h5", "--shard", "auto",
                                                            "--threads", 1, "--resume"))))
        script.write_text(f"#!/bin/sh\n{command} {program}\n")
        for old in self.folder.glob("out.*"):
            old.unlink()
        done = subprocess.run(["sbatch", "--wait", "-o", self.folder / "out.%a", *options, script],
                              capture_output=True, text=True, timeout=300, env=self.environment)
        output = "".join(path.read_text() for path in sorted(self.folder.glob("out.*")))
        self.assertEqual(done.returncode, 0, done.stderr + output)
        return output

    def test_a_job_array_and_its_second_submission(self):
        whole = self.folder / "whole.h5"
        self.elmo(*self.words(whole))
        output = self.submit("--array=0-3", "-n1")
        for i in range(4):
            self.assertIn(f"part {i} of 4, says SLURM_ARRAY_TASK_ID", output)
        parts = self.folder / "v.h5.parts"
        kept = {path.name: path.stat().st_ino for path in parts.glob("*.h5")}
        self.assertEqual(len(kept), 4)
        # As after a failure: one is missing, the whole array goes again.
        (parts / "0002-of-0004.h5").unlink()
        self.elmo("join", self.folder / "v.h5", status=1)
        output = self.submit("--array=0-3", "-n1")
        self.assertEqual(output.count("complete already"), 3)
        for name in ("0000-of-0004.h5", "0001-of-0004.h5", "0003-of-0004.h5"):
            self.assertEqual((parts / name).stat().st_ino, kept[name])
        self.elmo("join", self.folder / "v.h5")
        self.assertEqual(whole.read_bytes(), (self.folder / "v.h5").read_bytes())

    def test_a_job_step_of_two_processes(self):
        whole = self.folder / "whole.h5"
        self.elmo(*self.words(whole))
        output = self.submit("-n2", command="srun")
        for i in range(2):
            self.assertIn(f"part {i} of 2, says SLURM_PROCID", output)
        self.elmo("join", self.folder / "v.h5")
        self.assertEqual(whole.read_bytes(), (self.folder / "v.h5").read_bytes())


if __name__ == "__main__":
    unittest.main()
