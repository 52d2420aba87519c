#pragma once
// A write-only stream buffer for cpprestsdk that hands each piece of a body to a function. Included
// by the runners' .cc files only, because cpprest headers are slow to compile.

#include <cpprest/streams.h>

#include <functional>
#include <string_view>

namespace nbkeys::shell {

class BodySink : public concurrency::streams::details::streambuf_state_manager<std::uint8_t> {
 public:
  // Called on the pool thread. Must not throw and must not block.
  using Piece = std::function<void(std::string_view bytes)>;

  explicit BodySink(Piece piece)
      : streambuf_state_manager(std::ios_base::out), piece_(std::move(piece)) {}

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return pos_type(traits::eof()); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return pos_type(traits::eof()); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return pos_type(traits::eof());
  }
  bool acquire(std::uint8_t*&, std::size_t&) override { return false; }
  void release(std::uint8_t*, std::size_t) override {}

 protected:
  pplx::task<int_type> _putc(std::uint8_t byte) override {
    deliver(&byte, 1);
    return pplx::task_from_result<int_type>(byte);
  }
  pplx::task<std::size_t> _putn(const std::uint8_t* bytes, std::size_t count) override {
    deliver(bytes, count);
    return pplx::task_from_result(count);
  }
  pplx::task<int_type> _bumpc() override { return nothing(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return nothing(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return nothing(); }
  pplx::task<int_type> _ungetc() override { return nothing(); }
  pplx::task<std::size_t> _getn(std::uint8_t*, std::size_t) override {
    return pplx::task_from_result<std::size_t>(0);
  }
  std::size_t _scopy(std::uint8_t*, std::size_t) override { return 0; }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  std::uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}

 private:
  static pplx::task<int_type> nothing() { return pplx::task_from_result<int_type>(traits::eof()); }
  void deliver(const std::uint8_t* bytes, std::size_t count) {
    piece_({reinterpret_cast<const char*>(bytes), count});
  }

  Piece piece_;
};

}  // namespace nbkeys::shell
