// A document, or one table of it, as bytes. Pure: the same document gives the same bytes.
#pragma once

#include <string>

#include "client/report/document.h"

namespace eida::report {

// One page that needs nothing beside it: styles and figures are in it. Well-formed XML, too.
Result<std::string> ToHtml(const Document& document);
// The whole document; figures are files figures/<id>.svg beside it.
std::string ToMarkdown(const Document& document);

std::string ToMarkdown(const Table& table);
// A table environment with a booktabs tabular.
std::string ToLatex(const Table& table);
// Exact numbers, apart from their deviations and published values; headings are a first column.
std::string ToCsv(const Table& table);

// The file name of a panel, without its ending: F6, or F6-2 where there are several.
std::string PanelName(const Figure& figure, size_t panel);
Result<std::string> DrawPicture(const Picture& picture, render::ImageFormat format);

}  // namespace eida::report
