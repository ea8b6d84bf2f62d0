// Communication between processes, which are simulated by threads.
#include "parallel/processes.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <cstring>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "base/usable_cores.h"
#include "compute/random.h"
#include "elmo/error.h"
#include "parallel/background_exchanges.h"
#include "parallel/own_threads.h"
#include "parallel/pieces.h"
#include "parallel/rows.h"
#include "tests/support/thread_processes.h"

namespace elmo {
namespace {

TEST(Processes, TellOneAnother) {
  for (const int size : {1, 2, 3, 5}) {
    ThreadProcesses::run(size, [&](Processes& processes) {
      const int rank = processes.rank();
      const auto all = tell_all(processes, std::string(static_cast<std::size_t>(rank), 'x'));
      ASSERT_EQ(all.size(), static_cast<std::size_t>(size));
      for (int i = 0; i < size; ++i) {
        EXPECT_EQ(all[static_cast<std::size_t>(i)], std::string(static_cast<std::size_t>(i), 'x'));
      }
      EXPECT_EQ(told_by_first(processes, "of " + std::to_string(rank)), "of 0");
      EXPECT_FALSE(any(processes, false));
      EXPECT_TRUE(any(processes, rank == size - 1));
    });
  }
}

TEST(Processes, FillWhatEachHasAPartOf) {
  ThreadProcesses::run(3, [](Processes& processes) {
    const std::vector<Part> parts = {{0, 2}, {2, 2}, {2, 5}};
    const Part mine = parts[static_cast<std::size_t>(processes.rank())];
    std::vector<float> values(5, -1), of_first;
    for (std::int64_t i = mine.begin; i < mine.end; ++i) {
      values[static_cast<std::size_t>(i)] = static_cast<float>(i);
    }
    of_first = values;
    const std::vector<float> before = values;
    fill_all(processes, std::span(values), parts);
    EXPECT_EQ(values, (std::vector<float>{0, 1, 2, 3, 4}));
    fill_first(processes, std::span(of_first), parts);
    EXPECT_EQ(of_first, processes.is_first() ? values : before);
  });
}

TEST(Processes, SplitByColour) {
  ThreadProcesses::run(5, [](Processes& processes) {
    const auto others = processes.split(processes.rank() % 2);
    EXPECT_EQ(others->size(), processes.rank() % 2 == 0 ? 3 : 2);
    EXPECT_EQ(others->rank(), processes.rank() / 2);
    EXPECT_EQ(told_by_first(*others, std::to_string(processes.rank())),
              std::to_string(processes.rank() % 2));
  });
}

TEST(Processes, NameWhoDiffers) {
  try {
    ThreadProcesses::run(3, [](Processes& processes) {
      const Fact facts[] = {{"version", "1"}, {"kind", processes.rank() == 1 ? "b" : "a"}};
      check_alike(processes, facts);
    });
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "process 1 on here has another kind than process 0 on here (b; a); all processes "
                 "of a training need the same");
  }
}

std::vector<float> leaf(int group, std::int64_t size) {
  const Random random(9, RandomUse::kInitialise, static_cast<std::uint64_t>(group));
  std::vector<float> values(static_cast<std::size_t>(size));
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = random.normal(k);
  return values;
}

// The sum over these groups, each given by leaf().
std::vector<float> sum_of(const StreamGroups& groups, std::int64_t size) {
  std::vector<float> result(static_cast<std::size_t>(size));
  std::vector<float> scratch(TreeSum::scratch_size(groups.count(), size));
  const TreeSum sum(result.data(), scratch.data(), size);
  for (int i = 0; i < groups.count(); ++i) {
    std::ranges::copy(leaf(groups.first_of_batch() + i, size), sum.leaf(i));
    sum.close(i);
  }
  return result;
}

TEST(PieceExchange, SumsToTheBitsOfOneProcess) {
  constexpr std::int64_t kSize = 9101;
  // Small and large pieces; the last process owns none.
  const std::int64_t cuts[] = {0, 10, 11, 5000, kSize};
  for (const int streams : {32, 64, 128, 256, 300}) {
    const StreamGroups batch(3, streams);
    const std::vector<float> expected = sum_of(batch, kSize);
    for (int size = 1; size <= batch.batch_count(); ++size) {
      ThreadProcesses::run(size, [&](Processes& processes) {
        std::vector<std::vector<float>> nodes;
        for (const auto& subtree : batch.held_by(processes.rank(), size).subtrees()) {
          nodes.push_back(sum_of(subtree, kSize));
        }
        std::vector<Piece> pieces;
        for (int i = 0; i < 4; ++i) {
          pieces.push_back(
              {nodes.back().data() + cuts[i], cuts[i + 1] - cuts[i], i % std::max(1, size - 1)});
        }
        Workers workers(2);
        PieceExchange exchange(processes);
        exchange.sum(
            batch, pieces,
            [&](std::size_t piece, std::size_t subtree) {
              return nodes[subtree].data() + cuts[piece];
            },
            workers);
        for (int i = 0; i < 4; ++i) {
          if (pieces[static_cast<std::size_t>(i)].owner != processes.rank()) continue;
          for (std::int64_t k = cuts[i]; k < cuts[i + 1]; ++k) {
            ASSERT_EQ(nodes.back()[static_cast<std::size_t>(k)],
                      expected[static_cast<std::size_t>(k)])
                << streams << " streams, " << size << " processes, number " << k;
          }
        }
        exchange.share(pieces, PieceExchange::To::kAll, workers);
        EXPECT_EQ(nodes.back(), expected);
      });
    }
  }
}

// The bytes of a ring: each process sends the slices of the others and then its own to all.
TEST(PieceExchange, SendsWhatTheDesignSays) {
  constexpr std::int64_t kSize = 1 << 20;
  for (const int size : {2, 4}) {
    const std::uint64_t sent = ThreadProcesses::run(size, [&](Processes& processes) {
      const StreamGroups batch(1, 128);
      std::vector<float> values(kSize);
      std::vector<Piece> pieces;
      for (int i = 0; i < 16; ++i) {
        pieces.push_back({values.data() + i * (kSize / 16), kSize / 16, i % size});
      }
      Workers workers(1);
      PieceExchange exchange(processes);
      exchange.sum(
          batch, pieces, [&](std::size_t piece, std::size_t) { return pieces[piece].place; },
          workers);
      exchange.share(pieces, PieceExchange::To::kAll, workers);
    });
    EXPECT_EQ(sent, static_cast<std::uint64_t>(2 * 4 * kSize * (size - 1)));
  }
}

TEST(BringRows, KeepsTheOrderOfTheRoutes) {
  constexpr int kRows = 20;
  ThreadProcesses::run(3, [](Processes& processes) {
    // Row i is held by process i % 3 and goes to process i * i % 3; it contains its number twice.
    std::vector<RowRoute> routes;
    std::vector<std::int32_t> rows, wanted;
    for (int i = 0; i < kRows; ++i) {
      routes.push_back({i / 3, i % 3, i * i % 3});
      if (i % 3 == processes.rank()) rows.insert(rows.end(), {i, -i});
      if (i * i % 3 == processes.rank()) wanted.insert(wanted.end(), {i, -i});
    }
    const auto got = bring_rows(processes, routes, reinterpret_cast<const std::byte*>(rows.data()),
                                2 * sizeof(std::int32_t));
    ASSERT_EQ(got.size(), wanted.size() * sizeof(std::int32_t));
    EXPECT_EQ(got.empty() ? 0 : std::memcmp(got.data(), wanted.data(), got.size()), 0);
  });
}

TEST(BackgroundExchanges, GoOnWhileTheCallerComputes) {
  std::promise<void> computed;
  std::shared_future<void> first_has_computed = computed.get_future().share();
  for (const int size : {1, 2}) {
    ThreadProcesses::run(size, [&](Processes& processes) {
      std::vector<int> done;
      BackgroundExchanges exchanges(processes);
      // The last process comes to the exchange only when the first has computed beside it.
      if (size > 1 && !processes.is_first()) first_has_computed.wait();
      exchanges.start([&] {
        barrier(processes);
        done.push_back(1);
      });
      const auto second = exchanges.start([&] {
        barrier(processes);
        done.push_back(2);
      });
      if (size > 1 && processes.is_first()) computed.set_value();
      second.get();
      EXPECT_EQ(done, (std::vector<int>{1, 2}));
      exchanges.wait();
    });
  }
}

TEST(BackgroundExchanges, EndWithTheFirstThatFails) {
  for (const int size : {1, 3}) {
    ThreadProcesses::run(size, [](Processes& processes) {
      bool ran = false;
      BackgroundExchanges exchanges(processes);
      exchanges.start([&] { barrier(processes); });
      exchanges.start([] { throw Error("the network is gone"); });
      exchanges.start([&] { ran = true; });
      EXPECT_THROW(exchanges.wait(), Error);
      EXPECT_FALSE(ran);
    });
  }
}

TEST(OwnThreads, AreThoseOfTheCoresThatAProcessShares) {
  unsetenv("OMP_NUM_THREADS");
  ThreadProcesses::run(5, [](Processes& processes) {
    const auto threads = [&](std::vector<Cores> cores, int asked = 0) {
      return own_threads(processes, asked, cores[static_cast<std::size_t>(processes.rank())]);
    };
    const auto expect = [&](int got, std::vector<int> expected) {
      EXPECT_EQ(got, expected[static_cast<std::size_t>(processes.rank())]);
    };
    const Cores all{"0,1,2,3,4,5,6,7", 8}, low{"0,1,2,3", 4}, high{"4,5,6,7", 4}, one{"0", 1};
    expect(threads({all, all, all, all, all}), {1, 1, 1, 1, 1});
    expect(threads({all, all, all, all, all}, 3), {3, 3, 3, 3, 3});
    // Processes bound to halves of the machine, to one core, or not bound.
    expect(threads({low, high, low, one, all}), {2, 4, 2, 1, 8});
  });
}

TEST(AllowedCores, AreThoseOfTheMask) {
  cpu_set_t mask;
  ASSERT_EQ(sched_getaffinity(0, sizeof mask, &mask), 0);
  std::thread([mask]() mutable {
    int last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(last, &mask)) --last;
    CPU_ZERO(&mask);
    CPU_SET(last, &mask);
    ASSERT_EQ(sched_setaffinity(0, sizeof mask, &mask), 0);
    EXPECT_EQ(allowed_cores(), std::to_string(last));
  }).join();
}

}  // namespace
}  // namespace elmo
