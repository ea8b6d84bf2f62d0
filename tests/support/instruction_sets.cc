// Prints the instruction sets (named as in tests/cmake/discover.cmake) that this CPU has and
// ONEDNN_MAX_CPU_ISA allows, in ascending order. Matrix products use the last one.
#include <cstdio>
#include <dnnl.hpp>

int main() {
  // The value of an instruction set has the bits of all sets that it includes.
  const auto best = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const struct {
    const char* name;
    dnnl::cpu_isa isa;
  } sets[] = {{"sse41", dnnl::cpu_isa::sse41},
              {"avx2", dnnl::cpu_isa::avx2},
              {"avx512_core", dnnl::cpu_isa::avx512_core},
              {"avx512_core_bf16", dnnl::cpu_isa::avx512_core_bf16},
              {"avx512_core_amx", dnnl::cpu_isa::avx512_core_amx}};
  for (const auto& [name, isa] : sets) {
    const auto bits = static_cast<unsigned>(isa);
    if ((best & bits) == bits) std::puts(name);
  }
}
