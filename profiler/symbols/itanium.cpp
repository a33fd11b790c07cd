#include "profiler/symbols/itanium.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <new>
#include <unordered_map>
#include <vector>

#include "llvm/Demangle/ItaniumDemangle.h"

namespace weir::profiler {
namespace {

using llvm::itanium_demangle::Node;
using llvm::itanium_demangle::NodeArray;
using llvm::itanium_demangle::OutputBuffer;
namespace tree = llvm::itanium_demangle;

constexpr std::uint64_t kMaxText = 1u << 20;

// Where the parser puts its nodes; they are all freed together.
class Arena {
 public:
  void reset() { blocks_.clear(); }

  template <class T, class... Args>
  T* makeNode(Args&&... args) {
    return new (allocate(sizeof(T))) T(std::forward<Args>(args)...);
  }
  void* allocateNodeArray(std::size_t count) { return allocate(sizeof(Node*) * count); }

 private:
  static constexpr std::size_t kBlock = 4096;

  void* allocate(std::size_t size) {
    size = (size + 15) & ~std::size_t{15};
    if (blocks_.empty() || used_ + size > kBlock || size > kBlock) {
      blocks_.push_back(std::make_unique<std::byte[]>(std::max(size, kBlock)));
      used_ = 0;
    }
    void* place = blocks_.back().get() + used_;
    used_ = std::min(used_ + size, kBlock);
    return place;
  }

  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::size_t used_ = 0;
};

using Parser = tree::ManglingParser<Arena>;

// An upper bound of the text of a tree. Nodes are shared, so that the text can
// be exponentially longer than the name: the bound is known before anything is printed.
class TextBound {
 public:
  std::uint64_t of(const Node* node) {
    if (node == nullptr) return 0;
    auto [entry, is_new] = known_.try_emplace(node, kMaxText);  // what contains itself has no bound
    if (!is_new) return entry->second;
    std::uint64_t size = 0;
    node->visit([&](const auto* real) { size = of_real(real); });
    known_[node] = size;
    return size;
  }

 private:
  template <class Real>
  std::uint64_t of_real(const Real* real) {
    std::uint64_t size = 32;  // keywords, brackets, numbers
    real->match([&](const auto&... parts) { ((size = std::min(size + of_part(parts), kMaxText)), ...); });
    return size;
  }
  std::uint64_t of_real(const tree::ParameterPack* pack) {
    std::uint64_t size = 32;
    pack->match([&](NodeArray elements) {
      longest_pack_ = std::max<std::uint64_t>(longest_pack_, elements.size());
      size += of_part(elements);
    });
    return std::min(size, kMaxText);
  }
  // Printed once for every element of the packs inside it.
  std::uint64_t of_real(const tree::ParameterPackExpansion* expansion) {
    std::uint64_t child = of(expansion->getChild());
    return std::min((child + 2) * std::max<std::uint64_t>(longest_pack_, 1), kMaxText);
  }
  std::uint64_t of_real(const tree::ForwardTemplateReference* reference) { return of(reference->Ref); }

  std::uint64_t of_part(const Node* node) { return of(node); }
  std::uint64_t of_part(std::string_view text) { return text.size(); }
  std::uint64_t of_part(NodeArray nodes) {
    std::uint64_t size = 0;
    for (const Node* node : nodes) size = std::min(size + of(node) + 2, kMaxText);
    return size;
  }
  template <class Other>
  std::uint64_t of_part(const Other&) {
    return 0;
  }

  std::unordered_map<const Node*, std::uint64_t> known_;
  std::uint64_t longest_pack_ = 0;
};

// The name of a function without its parameters.
class NamePrinter {
 public:
  NamePrinter(OutputBuffer& out, Demangle mode) : out_(out), mode_(mode) {}

  void print(const Node* node) {
    node->visit([&](const auto* real) { print_real(real); });
  }

 private:
  template <class Real>
  void print_real(const Real* real) {
    static_cast<const Node*>(real)->print(out_);
  }
  void print_real(const tree::FunctionEncoding* function) { print(function->getName()); }
  void print_real(const tree::NestedName* name) {
    print(name->Qual);
    out_ += "::";
    print(name->Name);
  }
  void print_real(const tree::LocalName* name) {
    print(name->Encoding);
    if (name->Encoding->getKind() == Node::KFunctionEncoding) out_ += "()";
    out_ += "::";
    print(name->Entity);
  }
  void print_real(const tree::NameWithTemplateArgs* name) {
    print(name->Name);
    if (mode_ == Demangle::templates) name->TemplateArgs->print(out_);
  }
  void print_real(const tree::AbiTagAttr* name) {
    print(name->Base);
    out_ += "[abi:";
    out_ += name->Tag;
    out_ += "]";
  }
  void print_real(const tree::ClosureTypeName* closure) {
    closure->match([&](NodeArray, const Node*, NodeArray, const Node*, std::string_view count) {
      out_ += "'lambda";
      out_ += count;
      out_ += "'()";
    });
  }
  void print_real(const tree::ExpandedSpecialSubstitution* name) {
    if (mode_ == Demangle::templates) return static_cast<const Node*>(name)->print(out_);
    out_ += "std::";
    out_ += static_cast<const Node*>(name)->getBaseName();
  }

  OutputBuffer& out_;
  Demangle mode_;
};

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// LLVM's text to the one GCC's tools and most profiles show: "> >" for ">>",
// {lambda(int)#1} for 'lambda'(int), {unnamed type#1} for 'unnamed'.
class Respell {
 public:
  explicit Respell(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (lambda() || unnamed() || operator_name()) continue;
      step();
    }
    return std::move(out_);
  }

 private:
  struct Open {
    std::size_t depth;
    std::size_t number;
  };

  // 'lambda' and 'lambda0' are the first and the second of their scope. 0 when it is not there.
  std::size_t quoted_number(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return 0;
    std::size_t end = at_ + word.size();
    std::size_t number = 0;
    bool counted = false;
    for (; end < text_.size() && std::isdigit(static_cast<unsigned char>(text_[end])) != 0; ++end) {
      number = std::min<std::size_t>(number * 10 + static_cast<std::size_t>(text_[end] - '0'), 1u << 20);
      counted = true;
    }
    if (end >= text_.size() || text_[end] != '\'') return 0;
    at_ = end + 1;
    return counted ? number + 2 : 1;
  }

  bool lambda() {
    std::size_t number = quoted_number("'lambda");
    if (number == 0) return false;
    out_ += "{lambda";
    open_.push_back({depth_, number});
    return true;
  }

  bool unnamed() {
    std::size_t number = quoted_number("'unnamed");
    if (number == 0) return false;
    out_ += "{unnamed type#" + std::to_string(number) + "}";
    return true;
  }

  bool operator_name() {
    constexpr std::string_view kWord = "operator";
    if (!text_.substr(at_).starts_with(kWord)) return false;
    if (at_ > 0 && is_name_character(text_[at_ - 1])) return false;
    out_ += kWord;
    at_ += kWord.size();
    for (std::string_view sign : {"<=>", ">>=", "<<=", "->*", "<<", ">>", "<=", ">=", "->", "()", "<", ">"}) {
      if (!text_.substr(at_).starts_with(sign)) continue;
      out_ += sign;
      at_ += sign.size();
      break;
    }
    return true;
  }

  void step() {
    char c = text_[at_++];
    if (c == '>' && out_.ends_with('>') && !out_.ends_with("->")) out_ += ' ';
    out_ += c;
    if (c == '(') ++depth_;
    if (c != ')' || depth_ == 0) return;
    --depth_;
    if (open_.empty() || open_.back().depth != depth_) return;
    out_ += "#" + std::to_string(open_.back().number) + "}";
    open_.pop_back();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  std::size_t depth_ = 0;  // of parentheses
  std::vector<Open> open_;
};

}  // namespace

std::optional<std::string> demangle_itanium(std::string_view name, Demangle mode) {
  Parser parser(name.data(), name.data() + name.size());
  const Node* root = parser.parse();
  if (root == nullptr || TextBound().of(root) >= kMaxText) return std::nullopt;
  OutputBuffer out;
  std::unique_ptr<char, decltype(&std::free)> owner(nullptr, &std::free);
  if (mode == Demangle::full) {
    root->print(out);
  } else {
    NamePrinter(out, mode).print(root);
  }
  owner.reset(out.getBuffer());
  return Respell(out).run();
}

}  // namespace weir::profiler
