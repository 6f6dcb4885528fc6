// Where a picture or a table goes: -O FILE, standard output, or the terminal.
#pragma once

#include "client/context.h"
#include "common/base/fs.h"
#include "common/base/text.h"
#include "common/render/heatmap.h"
#include "common/render/plot.h"

namespace eida::client {

// From --format, else the ending of -O, else -o json|csv, else the terminal. InvalidArgument names
// the choices.
inline Result<std::string> OutputFormat(const std::string& format, const std::string& file,
                                        const std::string& global,
                                        const std::vector<std::string>& choices) {
  std::string chosen = format;
  if (chosen.empty() && file.find('.') != std::string::npos)
    chosen = file.substr(file.rfind('.') + 1);
  if (chosen.empty() && (global == "json" || global == "csv")) chosen = global;
  if (chosen.empty() && global == "jsonl") chosen = "json";
  if (chosen.empty()) chosen = "term";
  for (const std::string& choice : choices) {
    if (chosen == choice) return chosen;
  }
  return InvalidArgument("format \"" + chosen + "\" is none of: " + Join(choices, ", "));
}

// As Object of the printer, into a file or on standard output; one line with -o jsonl.
inline std::string JsonDocument(const Context& context, const std::string& kind,
                                const Json& value) {
  Json object = value;
  object.update({{"apiVersion", "eida/v1"}, {"kind", kind}});
  return context.options.output == "jsonl" ? object.dump() + "\n" : Pretty(object);
}

inline Result<int> WriteOutput(Context& context, const std::string& file,
                               const std::string& content) {
  if (file.empty() || file == "-") {
    *context.out << content;
    return static_cast<int>(kOk);
  }
  EIDA_RETURN_IF_ERROR(WriteFileAtomic(file, content));
  if (!context.options.quiet)
    *context.err << "wrote " << file << " (" << FormatBytes(static_cast<int64_t>(content.size()))
                 << ")\n";
  return static_cast<int>(kOk);
}

// An array, and beside a file what its rows and columns are.
inline Result<int> WriteNpy(Context& context, const std::string& file, const std::string& content,
                            const Json& labels) {
  if (file.empty() && context.out_tty)
    return InvalidArgument("an npy file does not go to a terminal: name a file with -O FILE.npy");
  if (!file.empty() && file != "-") {
    EIDA_ASSIGN_OR_RETURN([[maybe_unused]] const int code,
                          WriteOutput(context, file + ".labels.json", Pretty(labels)));
  }
  return WriteOutput(context, file, content);
}

template <class Picture>
Result<int> DrawOutput(Context& context, const std::string& file, const std::string& format,
                       const Picture& picture) {
  if (format == "term") {
    EIDA_ASSIGN_OR_RETURN(const std::string text, render::DrawTerminal(picture, context.Style()));
    return WriteOutput(context, file, text);
  }
  if (file.empty() && context.out_tty)
    return InvalidArgument(
        "a " + format + " picture does not go to a terminal: name a file with -O FILE." + format);
  const render::ImageFormat image = format == "png"   ? render::ImageFormat::kPng
                                    : format == "svg" ? render::ImageFormat::kSvg
                                                      : render::ImageFormat::kPdf;
  EIDA_ASSIGN_OR_RETURN(const std::string bytes, render::Draw(picture, image));
  return WriteOutput(context, file, bytes);
}

}  // namespace eida::client
