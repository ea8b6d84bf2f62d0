"""How tests start processes under MPI on this machine."""


def mpirun(program, processes):
    """The words before a command: more processes than there are cores, and root in containers. Open MPI
    has to be told that both are meant; MPICH allows them."""
    words = [program]
    if program.endswith("openmpi"):
        words += ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none",
                  "--mca", "btl_base_warn_component_unused", "0"]
    return [*words, "-n", str(processes)]
