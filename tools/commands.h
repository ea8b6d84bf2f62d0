// The commands of elmo, one file each (command_NAME.cc). A command parses its options, calls the
// library, prints, and returns the exit status; errors are thrown.
#pragma once

#include "tools/options.h"

namespace elmo {

int run_bench(Arguments arguments);
int run_dump(Arguments arguments);
int run_evaluate(Arguments arguments);
int run_export(Arguments arguments);
int run_import(Arguments arguments);
int run_info(Arguments arguments);
int run_join(Arguments arguments);
int run_neighbors(Arguments arguments);
int run_perplexity(Arguments arguments);
int run_plot(Arguments arguments);
int run_predict(Arguments arguments);
int run_pretrain(Arguments arguments);
int run_score(Arguments arguments);
int run_train(Arguments arguments);
int run_vocab(Arguments arguments);

}  // namespace elmo
