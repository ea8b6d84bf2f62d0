// The output of train and evaluate.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "task/data.h"
#include "task/network.h"
#include "task/training.h"

namespace elmo {

std::string layer_table(const std::vector<task::Network::LayerRow>& rows);
// The results of the seeds, and the weights of the language model's layers in the task.
std::string training_text(task::Network& network, const task::TrainingReport& report);
nlohmann::ordered_json training_json(task::Network& network, const task::TrainingReport& report);
std::string evaluation_text(const task::Evaluation& evaluation, task::Kind task);
nlohmann::ordered_json evaluation_json(const task::Evaluation& evaluation, task::Kind task);

}  // namespace elmo
