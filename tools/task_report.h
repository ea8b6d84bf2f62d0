// What train and evaluate print.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "task/task_data.h"
#include "task/task_network.h"
#include "task/task_training.h"

namespace elmo {

std::string layer_table(const std::vector<TaskNetwork::LayerRow>& rows);
// The results of the seeds, and which layer of the language model the task uses.
std::string training_text(TaskNetwork& network, const TaskTrainingReport& report);
nlohmann::ordered_json training_json(TaskNetwork& network, const TaskTrainingReport& report);
std::string evaluation_text(const Evaluation& evaluation, TaskKind task);
nlohmann::ordered_json evaluation_json(const Evaluation& evaluation, TaskKind task);

}  // namespace elmo
