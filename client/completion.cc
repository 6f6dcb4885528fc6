#include "client/completion.h"

#include <algorithm>

#include "common/base/text.h"

namespace eida::client {
namespace {

// "TEXT:{auto,always,never}" -> its three words.
std::vector<std::string> Choices(const CLI::Option* option) {
  const std::string type = option->get_type_name();
  const size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  return Split(type.substr(open + 1, close - open - 1), ',');
}

void AddFlags(const CLI::App& app, std::vector<FlagWords>* flags) {
  for (const CLI::Option* option : app.get_options()) {
    FlagWords words{
        {}, option->get_description(), Choices(option), option->get_items_expected_max() > 0};
    for (const std::string& name : option->get_lnames()) words.names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) words.names.push_back("-" + name);
    const bool seen = std::ranges::any_of(
        *flags, [&](const FlagWords& f) { return !f.names.empty() && f.names == words.names; });
    if (!words.names.empty() && !seen) flags->push_back(std::move(words));
  }
}

std::string Names(const std::vector<VerbWords>& verbs, const char* separator) {
  std::vector<std::string> names;
  for (const VerbWords& verb : verbs) names.push_back(verb.name);
  return Join(names, separator);
}

std::string FlagNames(const std::vector<FlagWords>& flags) {
  std::vector<std::string> names;
  for (const FlagWords& flag : flags)
    names.insert(names.end(), flag.names.begin(), flag.names.end());
  return Join(names, " ");
}

std::string Quoted(const std::string& text) {
  std::string out;
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return "'" + out + "'";
}

constexpr const char* kBashHead = R"(# bash completion of eidactl: source <(eidactl completion bash)
_eidactl() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= at=0 i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      @VERBS@) verb=${COMP_WORDS[i]}; at=$i; break ;;
    esac
  done
  case $verb:$before in
@VALUES@  esac
  case $verb in
)";
constexpr const char* kBashTail = R"(  esac
}
complete -o filenames -F _eidactl eidactl
)";

std::string Bash(const std::vector<VerbWords>& verbs, const std::vector<FlagWords>& global) {
  const auto reply = [](const std::string& words) {
    return "COMPREPLY=($(compgen -W \"" + words + "\" -- \"$word\"))";
  };
  std::string values, head = kBashHead;
  const auto add = [&](const std::string& verb, const FlagWords& flag) {
    if (flag.choices.empty()) return;
    std::vector<std::string> patterns;
    for (const std::string& name : flag.names) patterns.push_back(verb + ":" + name);
    values +=
        "    " + Join(patterns, "|") + ") " + reply(Join(flag.choices, " ")) + "; return ;;\n";
  };
  for (const FlagWords& flag : global) add("*", flag);
  for (const VerbWords& verb : verbs) {
    for (const FlagWords& flag : verb.flags) add(verb.name, flag);
  }
  head.replace(head.find("@VERBS@"), 7, Names(verbs, "|"));
  head.replace(head.find("@VALUES@"), 8, values);
  std::string out =
      head + "    '') " + reply(Names(verbs, " ") + " " + FlagNames(global)) + " ;;\n";
  for (const VerbWords& verb : verbs) {
    out += "    " + verb.name + ")\n      if [[ $word == -* ]]; then " +
           reply(FlagNames(verb.flags)) + "\n";
    if (!verb.choices.empty())
      out += "      elif ((COMP_CWORD == at + 1)); then " + reply(Join(verb.choices, " ")) + "\n";
    out += "      else COMPREPLY=($(compgen -f -- \"$word\")); fi ;;\n";
  }
  return out + kBashTail;
}

std::string Zsh(const std::vector<VerbWords>& verbs) {
  std::string out = "#compdef eidactl\n_eidactl() {\n  local -a verbs flags\n  verbs=(\n";
  for (const VerbWords& verb : verbs) out += "    " + Quoted(verb.name + ":" + verb.help) + "\n";
  out +=
      "  )\n  if ((CURRENT == 2)); then\n    _describe verb verbs\n    return\n  fi\n"
      "  case $words[2] in\n";
  for (const VerbWords& verb : verbs) {
    out += "    " + verb.name + ")\n      flags=(\n";
    for (const FlagWords& flag : verb.flags) {
      for (const std::string& name : flag.names)
        out += "        " + Quoted(name + ":" + flag.help) + "\n";
    }
    out += "      )\n";
    if (!verb.choices.empty())
      out += "      ((CURRENT == 3)) && compadd -- " + Join(verb.choices, " ") + "\n";
    out += "      ;;\n";
  }
  return out +
         "  esac\n  [[ $PREFIX == -* ]] && _describe flag flags || _files\n}\n"
         "if [[ $funcstack[1] == _eidactl ]]; then _eidactl \"$@\"; else compdef _eidactl eidactl; "
         "fi\n";
}

std::string Fish(const std::vector<VerbWords>& verbs) {
  std::string out = "# fish completion of eidactl: eidactl completion fish | source\n";
  for (const VerbWords& verb : verbs) {
    const std::string seen =
        "complete -c eidactl -n '__fish_seen_subcommand_from " + verb.name + "'";
    out += "complete -c eidactl -n __fish_use_subcommand -a " + verb.name + " -d " +
           Quoted(verb.help) + "\n";
    if (!verb.choices.empty()) out += seen + " -a " + Quoted(Join(verb.choices, " ")) + "\n";
    for (const FlagWords& flag : verb.flags) {
      out += seen;
      for (const std::string& name : flag.names)
        out += name[1] == '-' ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (flag.takes_value) out += " -r";
      if (!flag.choices.empty()) out += " -a " + Quoted(Join(flag.choices, " "));
      out += " -d " + Quoted(flag.help) + "\n";
    }
  }
  return out;
}

}  // namespace

std::vector<VerbWords> WordsOf(const CLI::App& app) {
  std::vector<VerbWords> verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    VerbWords words{verb->get_name(), verb->get_description(), {}, {}};
    AddFlags(*verb, &words.flags);
    AddFlags(app, &words.flags);
    for (const CLI::Option* option : verb->get_options()) {
      if (option->get_positional() && words.choices.empty()) words.choices = Choices(option);
    }
    verbs.push_back(std::move(words));
  }
  return verbs;
}

std::string CompletionScript(const CLI::App& app, const std::string& shell) {
  const std::vector<VerbWords> verbs = WordsOf(app);
  std::vector<FlagWords> global;
  AddFlags(app, &global);
  return shell == "bash" ? Bash(verbs, global) : shell == "zsh" ? Zsh(verbs) : Fish(verbs);
}

}  // namespace eida::client
