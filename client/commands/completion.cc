// CLI11 has no shell completion: scripts are made by walking the verbs and their options.
#include "client/completion.h"

#include "client/commands/verb.h"

namespace eida::client {

void Register_completion(CLI::App* app, Context& context) {
  auto shell = std::make_shared<std::string>();
  app->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  OnChosen(app, context, [shell](Context& c) {
    CLI::App whole;
    Context scratch;
    BuildApp(whole, scratch);
    const std::string script = CompletionScript(whole, *shell);
    c.printer().Object("Completion", {{"shell", *shell}, {"script", script}}, script);
    return static_cast<int>(kOk);
  });
}

}  // namespace eida::client
