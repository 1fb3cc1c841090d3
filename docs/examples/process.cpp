// What a program decides for its process: whose threads run, and where messages go.
#include <ricci/ricci.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

// Any pool will do: it runs n tasks on the program's threads and waits for them.
static void run(void *pool, int n, void (*task)(void *job, int i), void *job) {
  ++*static_cast<int *>(pool);
  std::vector<std::thread> threads;
  for (int i = 1; i < n; ++i)
    threads.emplace_back(task, job, i);
  task(job, 0);
  for (std::thread &thread : threads)
    thread.join();
}

static void receive(void *, ricci::LogLevel, std::string_view message) {
  std::string text(message);
  std::printf("%s\n", text.substr(0, text.find(" in ")).c_str());
}

int main() {
  int runs = 0;
  ricci::set_num_threads(2);
  ricci::set_thread_pool(run, &runs);
  ricci::set_cache_folder("off");
  ricci::set_log_callback(receive, nullptr, ricci::LogLevel::Info);

  std::vector<float> data(700 * 700, 1.0f);
  ricci::Tensor a = ricci::Tensor::borrow(data.data(), {700, 700});
  ricci::Tensor c = ricci::einsum("ij,jk->ik", {a, a});
  std::printf("%g, %s\n", *c.data<float>(), runs > 0 ? "by threads of the program" : "");

  ricci::set_thread_pool(nullptr, nullptr);
}
