// Small data sets that are made here (client/synth), and small random models that the runner makes
// (client/new_model.h). This writes them and says how a sweep names them.
#include <map>

#include "client/commands/verb.h"
#include "client/fetch/fetch.h"
#include "client/new_model.h"
#include "client/synth/synth.h"
#include "common/base/fs.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"

namespace eida::client {
namespace {

struct NewArguments {
  std::string what, name, out;
  int64_t rows = 2000;
  uint64_t seed = 0;
  bool force = false;
  std::vector<std::string> texts;
  std::map<std::string, int64_t> sizes;               // of a model, those that were given
  std::vector<const CLI::Option*> of_data, of_model;  // what only one of them takes
};

// AlreadyExists for a directory with something in it, unless --force was given.
Status CheckTarget(const NewArguments& arguments) {
  if (FileExists(arguments.out) && !IsDirectory(arguments.out))
    return AlreadyExists(arguments.out + " is a file: name a directory with -O");
  const Result<std::vector<std::string>> names = ListDir(arguments.out);
  if (arguments.force || !names.ok() || names->empty()) return OkStatus();
  return AlreadyExists(arguments.out + " is not empty (it has " + names->front() +
                       "): choose another directory with -O, or write into it with --force");
}

constexpr char kInSweep[] =
    "\n# in a sweep file; a relative path there starts from the sweep file's directory\n";

Result<int> WriteData(Context& context, const NewArguments& arguments) {
  EIDA_ASSIGN_OR_RETURN(const synth::Kind* kind, synth::FindKind(arguments.name));
  EIDA_RETURN_IF_ERROR(CheckTarget(arguments));
  EIDA_ASSIGN_OR_RETURN(const std::vector<synth::Split> splits,
                        kind->make({arguments.rows, arguments.seed}));
  EIDA_RETURN_IF_ERROR(MakeDirs(arguments.out));
  std::string text =
      arguments.out + ": " + kind->id + ", seed " + std::to_string(arguments.seed) + "\n";
  std::vector<std::pair<std::string, std::string>> files;
  Json written = Json::array();
  for (const synth::Split& split : splits) {
    files.emplace_back(split.name, JoinPath(arguments.out, split.file));
    EIDA_RETURN_IF_ERROR(WriteFileAtomic(files.back().second, split.content));
    text += "  " + split.file + ": " + std::to_string(split.rows) + " rows\n";
    written.push_back({{"name", split.file}, {"split", split.name}, {"rows", split.rows}});
  }
  const std::string lines = fetch::DataLines(kind->settings, files);
  context.printer().Object("NewData",
                           {{"data", kind->id},
                            {"directory", arguments.out},
                            {"seed", arguments.seed},
                            {"files", written},
                            {"sweep", lines}},
                           text + kInSweep + lines);
  return static_cast<int>(kOk);
}

Result<int> WriteModel(Context& context, const NewArguments& arguments) {
  EIDA_RETURN_IF_ERROR(CheckTarget(arguments));
  NewModel model{arguments.name, arguments.out, arguments.texts, arguments.seed};
  for (const auto& [name, value] : arguments.sizes) model.sizes[name] = value;
  EIDA_ASSIGN_OR_RETURN(const Json made, MakeNewModel(context, model));
  const auto number = [&](const char* key) { return GetOr<int64_t>(made, key, 0); };
  const std::string lines = fetch::ModelLines(arguments.out);
  context.printer().Object("NewModel",
                           {{"family", arguments.name},
                            {"directory", arguments.out},
                            {"seed", arguments.seed},
                            {"parameters", number("parameters")},
                            {"vocabulary", number("vocabulary")},
                            {"sweep", lines}},
                           arguments.out + ": " + arguments.name + ", " +
                               std::to_string(number("parameters")) + " random parameters, " +
                               std::to_string(number("vocabulary")) + " tokens learned from " +
                               std::to_string(number("texts")) + " texts\n" + kInSweep + lines);
  return static_cast<int>(kOk);
}

Result<int> WriteNew(Context& context, NewArguments arguments) {
  const bool data = arguments.what == "data";
  for (const CLI::Option* option : data ? arguments.of_model : arguments.of_data) {
    if (option->count() > 0)
      return InvalidArgument(option->get_name() + " is for " + (data ? "models" : "data") +
                             ", not for " + (data ? "data" : "models"));
  }
  if (arguments.out.empty()) arguments.out = JoinPath(data ? "datasets" : "models", arguments.name);
  return data ? WriteData(context, arguments) : WriteModel(context, arguments);
}

std::string Footer() {
  std::string text = "Kinds of data:\n";
  for (const synth::Kind& kind : synth::Kinds())
    text += "  " + kind.id + std::string(14 - kind.id.size(), ' ') + kind.help + "\n";
  text += "Families of models:\n";
  for (const auto& family : catalog::Models())
    text += "  " + std::string(family.id) + std::string(14 - std::string(family.id).size(), ' ') +
            std::string(family.help) + "\n";
  return text +
         "Examples:\n"
         "  eidactl new data phrases --rows 8000             into datasets/phrases\n"
         "  eidactl new model mbart --text datasets/phrases/train.tsv --hidden 128 --heads 4\n"
         "Equal options give equal bytes. Options of every verb, such as -o: eidactl --help";
}

}  // namespace

void Register_new(CLI::App* app, Context& context) {
  auto a = std::make_shared<NewArguments>();
  app->add_option("WHAT", a->what, "data or model")
      ->required()
      ->type_name("{data,model}")
      ->check(CLI::IsMember({"data", "model"}));
  app->add_option("NAME", a->name, "Which kind of data, or which family: see below")->required();
  app->add_option("-O,--out", a->out, "Directory to write (datasets/NAME or models/NAME)");
  app->add_option("--seed", a->seed, "Other rows, or other weights, for another number");
  app->add_flag("--force", a->force, "Write into a directory that is not empty");
  a->of_data = {
      app->add_option("--rows", a->rows, "Data: of the training split; the others have a tenth")
          ->check(CLI::Range(1, 1'000'000))};
  a->of_model = {app->add_option("--text", a->texts,
                                 "Model: .txt or .tsv files that its tokenizer learns from")};
  const auto size = [&](const char* option, const char* name, const char* help) {
    const auto set = [a, name](const int64_t& value) { a->sizes[name] = value; };
    a->of_model.push_back(
        app->add_option_function<int64_t>(option, set, std::string("Model: ") + help)
            ->check(CLI::Range(int64_t{0}, int64_t{1'000'000})));
  };
  size("--vocab", "vocabulary", "tokens at most (1000)");
  size("--layers", "layers", "layers, of each stack (2)");
  size("--hidden", "hidden", "width (64)");
  size("--heads", "heads", "attention heads (2)");
  size("--intermediate", "intermediate", "width of feed-forward layers (4 x hidden)");
  size("--positions", "positions", "tokens of the longest text (128)");
  size("--labels", "labels", "a classifier's head; without it each run's seed draws one");
  app->footer(Footer());
  OnChosen(app, context, [a](Context& c) {
    const Result<int> code = WriteNew(c, *a);
    return code.ok() ? *code : Fail(c, code.status());
  });
}

}  // namespace eida::client
