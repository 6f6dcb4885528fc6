// CLI11 has no shell completion: scripts are made by walking the verbs and their options.
#include "client/commands/verb.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

struct Verb {
  std::string name, help;
  std::vector<std::string> options;
};

std::vector<std::string> OptionNames(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<Verb> Verbs(const CLI::App* root) {
  std::vector<Verb> verbs;
  for (const CLI::App* app : root->get_subcommands([](const CLI::App*) { return true; })) {
    Verb verb{app->get_name(), app->get_description(), OptionNames(app)};
    const std::vector<std::string> global = OptionNames(root);
    verb.options.insert(verb.options.end(), global.begin(), global.end());
    verbs.push_back(std::move(verb));
  }
  return verbs;
}

std::vector<std::string> Names(const std::vector<Verb>& verbs) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs) names.push_back(verb.name);
  return names;
}

std::string Bash(const std::vector<Verb>& verbs) {
  std::string out =
      "# bash completion of eidactl: eidactl completion bash > FILE, and source it\n_eidactl() {\n "
      " local word=${COMP_WORDS[COMP_CWORD]} verb= i\n  for ((i = 1; i < COMP_CWORD; i++)); do\n   "
      " case ${COMP_WORDS[i]} in\n      " +
      Join(Names(verbs), "|") +
      ") verb=${COMP_WORDS[i]}; break ;;\n    esac\n  done\n  case $verb in\n    '') "
      "COMPREPLY=($(compgen -W \"" +
      Join(Names(verbs), " ") + "\" -- \"$word\")) ;;\n";
  for (const Verb& verb : verbs)
    out += "    " + verb.name + ") [[ $word == -* ]] && COMPREPLY=($(compgen -W \"" +
           Join(verb.options, " ") +
           "\" -- \"$word\")) || COMPREPLY=($(compgen -f -- \"$word\")) ;;\n";
  return out + "  esac\n}\ncomplete -o filenames -F _eidactl eidactl\n";
}

std::string Quoted(const std::string& text) {
  std::string out;
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return "'" + out + "'";
}

std::string Zsh(const std::vector<Verb>& verbs) {
  std::string out = "#compdef eidactl\n_eidactl() {\n  local -a verbs\n  verbs=(\n";
  for (const Verb& verb : verbs) out += "    " + Quoted(verb.name + ":" + verb.help) + "\n";
  out +=
      "  )\n  if ((CURRENT == 2)); then\n    _describe verb verbs\n    return\n  fi\n  case "
      "$words[2] in\n";
  for (const Verb& verb : verbs)
    out += "    " + verb.name + ") compadd -- " + Join(verb.options, " ") + " ;;\n";
  return out + "  esac\n  _files\n}\n_eidactl \"$@\"\n";
}

std::string Fish(const std::vector<Verb>& verbs) {
  std::string out = "# fish completion of eidactl\n";
  for (const Verb& verb : verbs) {
    out += "complete -c eidactl -n __fish_use_subcommand -a " + verb.name + " -d " +
           Quoted(verb.help) + "\n";
    for (const std::string& option : verb.options)
      out += "complete -c eidactl -n '__fish_seen_subcommand_from " + verb.name + "' -l " +
             option.substr(2) + "\n";
  }
  return out;
}

}  // namespace

void Register_completion(CLI::App* app, Context& context) {
  auto shell = std::make_shared<std::string>();
  app->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  OnChosen(app, context, [shell](Context& c) {
    CLI::App whole;
    Context scratch;
    BuildApp(whole, scratch);
    const std::vector<Verb> verbs = Verbs(&whole);
    *c.out << (*shell == "bash" ? Bash(verbs) : *shell == "zsh" ? Zsh(verbs) : Fish(verbs));
    return static_cast<int>(kOk);
  });
}

}  // namespace eida::client
