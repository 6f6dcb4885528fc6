// The only includer of Boost.Asio (Debian's 1.74 needs <utility> first; 1.81 is what we install).
#pragma once

#include <boost/asio.hpp>
#include <utility>

namespace eida {
namespace asio = boost::asio;
}  // namespace eida
