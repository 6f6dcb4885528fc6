// Small data sets that are made here (client/synth). This writes them and says how a sweep names
// them.
#include "client/commands/verb.h"
#include "client/fetch/fetch.h"
#include "client/synth/synth.h"
#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

struct NewArguments {
  std::string what, name, out;
  int64_t rows = 2000;
  uint64_t seed = 0;
  bool force = false;
};

// FailedPrecondition for a directory with something in it, unless --force was given.
Status CheckTarget(const NewArguments& arguments) {
  if (FileExists(arguments.out) && !IsDirectory(arguments.out))
    return AlreadyExists(arguments.out + " is a file: name a directory with -O");
  const Result<std::vector<std::string>> names = ListDir(arguments.out);
  if (arguments.force || !names.ok() || names->empty()) return OkStatus();
  return AlreadyExists(arguments.out + " is not empty (it has " + names->front() +
                       "): choose another directory with -O, or write into it with --force");
}

Result<int> NewData(Context& context, const NewArguments& arguments) {
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
                           {{"kind_of_data", kind->id},
                            {"directory", arguments.out},
                            {"seed", arguments.seed},
                            {"files", written},
                            {"sweep", lines}},
                           text +
                               "\n# in a sweep file; a relative path there starts from the sweep "
                               "file's directory\n" +
                               lines);
  return static_cast<int>(kOk);
}

std::string Examples() {
  std::string text = "Data:\n";
  for (const synth::Kind& kind : synth::Kinds())
    text += "  " + kind.id + std::string(14 - kind.id.size(), ' ') + kind.help + "\n";
  return text +
         "Examples:\n"
         "  eidactl new data phrases                         into datasets/phrases\n"
         "  eidactl new data paraphrases -O /tmp/p --rows 8000 --seed 1\n"
         "Equal options give equal bytes. Options of every verb, such as -o: eidactl --help";
}

}  // namespace

void Register_new(CLI::App* app, Context& context) {
  auto a = std::make_shared<NewArguments>();
  app->add_option("WHAT", a->what, "data")->required()->type_name("{data}");
  app->add_option("NAME", a->name, "Which kind of data: see below")->required();
  app->add_option("-O,--out", a->out, "Directory to write (datasets/NAME)");
  app->add_option("--rows", a->rows, "Of the training split; the others have a tenth each")
      ->check(CLI::Range(1, 1'000'000));
  app->add_option("--seed", a->seed, "Other rows for another number");
  app->add_flag("--force", a->force, "Write into a directory that is not empty");
  app->footer(Examples());
  OnChosen(app, context, [a](Context& c) {
    if (a->what != "data")
      return Fail(c, InvalidArgument("what is new is data, not \"" + a->what + "\""));
    if (a->out.empty()) a->out = JoinPath("datasets", a->name);
    const Result<int> code = NewData(c, *a);
    return code.ok() ? *code : Fail(c, code.status());
  });
}

}  // namespace eida::client
