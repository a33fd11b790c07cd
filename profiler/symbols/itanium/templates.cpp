// Template arguments and parameters, and substitutions: "what was there before".
#include "profiler/symbols/itanium/parser.h"

namespace weir::profiler::itanium {
namespace {

struct Abbreviation {
  char code;
  std::string_view name;
  std::string_view full;  // when a constructor follows: the class it is short for
  bool has_allocator;
};

constexpr Abbreviation kAbbreviations[] = {{'a', "allocator", "", false},
                                           {'b', "basic_string", "", false},
                                           {'s', "string", "basic_string", true},
                                           {'i', "istream", "basic_istream", false},
                                           {'o', "ostream", "basic_ostream", false},
                                           {'d', "iostream", "basic_iostream", false}};

// Copies what a substitution stands for: its template parameters are those of the
// place where it is used.
class Transplant {
 public:
  Transplant(Tree& tree, Walks& walks, Node* root, std::vector<Node*>& templates, std::size_t lambda_level,
             bool in_constraint)
      : tree_(tree),
        walks_(walks),
        here_(walks),
        root_(root),
        templates_(templates),
        lambda_level_(lambda_level),
        in_constraint_(in_constraint) {}

  Node* run() {
    return rewrite(
        tree_, root_, [&](Node* node) { return skip(node); }, [&](Node* node) { return change(node); });
  }
  bool is_ok() const { return ok_; }

 private:
  bool skip(Node* node) {
    switch (node->kind) {
      case Kind::typed:
        if (node->a->kind == Kind::templated) {
          templates_.push_back(node->a);
          outer_levels_.push_back(std::exchange(lambda_level_, 0));
        }
        return false;
      case Kind::closure:
        outer_levels_.push_back(std::exchange(lambda_level_, templates_.size() + 1));
        return false;
      case Kind::parameter:
      case Kind::lambda_auto: return false;
      default: return here_.visit(node);
    }
  }

  Node* change(Node* node) {
    switch (node->kind) {
      case Kind::typed:
        if (node->a->kind == Kind::templated) {
          templates_.pop_back();
          leave();
        }
        return nullptr;
      case Kind::closure: leave(); return nullptr;
      case Kind::pack_expansion: return expansion(node);
      case Kind::parameter:
      case Kind::lambda_auto: return parameter(node);
      default: return nullptr;
    }
  }

  void leave() {
    lambda_level_ = outer_levels_.back();
    outer_levels_.pop_back();
  }

  Node* expansion(Node* node) {
    Node* pack = find_pack(tree_, walks_, node->a);
    if (pack == node->link) return nullptr;
    return tree_.make({.kind = Kind::pack_expansion, .a = node->a, .link = pack});
  }

  Node* parameter(Node* node) {
    if (in_constraint_)
      return tree_.make({.kind = Kind::name, .text = tree_.keep("T" + std::to_string(node->number))});
    if (lambda_level_ > 0) {
      if (node->kind == Kind::lambda_auto) return nullptr;
      return tree_.make({.kind = Kind::lambda_auto, .number = node->number});
    }
    Node* around = nullptr;
    if (!templates_.empty()) {
      around = templates_.back();
    } else if (root_->kind == Kind::templated) {
      around = root_;
    } else {
      ok_ = false;
    }
    if (around != nullptr && static_cast<std::size_t>(node->number) >= around->list.size()) ok_ = false;
    return tree_.make({.kind = Kind::parameter, .number = node->number, .link = around});
  }

  Tree& tree_;
  Walks& walks_;
  Walks::Walk here_;
  Node* root_;
  std::vector<Node*>& templates_;  // as they were, at the end
  std::vector<std::size_t> outer_levels_;
  std::size_t lambda_level_;
  bool in_constraint_;
  bool ok_ = true;
};

}  // namespace

// At "I" or "J", and up to its "E".
Parser::Arguments Parser::template_arguments() {
  Arguments arguments;
  std::vector<Node*> list;
  skip(1);
  while (!take('E')) {
    list.push_back(template_argument(list));
    if (at('Q')) {
      arguments.constraint = constraint();
      if (!at('E')) fail();
    }
    if (has_failed()) {
      fail();
      return {};
    }
  }
  arguments.list = tree_.keep(list);
  return arguments;
}

Node* Parser::templated(Node* name) {
  Arguments arguments = template_arguments();
  return constrained(make({.kind = Kind::templated, .a = name, .list = arguments.list}),
                     arguments.constraint);
}

// `before`: the arguments of the same list up to here.
Node* Parser::template_argument(std::span<Node* const> before) {
  Descent down(tree_);
  if (!down || rest_.empty()) return fail();
  switch (rest_[0]) {
    case 'X': {
      skip(1);
      Node* node = expression();
      expect('E');
      return node;
    }
    case 'L': return primary();
    case 'I':
    case 'J': {
      Arguments arguments = template_arguments();
      return constrained(make({.kind = Kind::pack, .list = arguments.list}), arguments.constraint);
    }
    case 'T': break;
    default: return type(Of::plain);
  }
  constexpr std::string_view kDeclarations = "yntpk";
  if (rest_.size() < 2 || !kDeclarations.contains(rest_[1])) return type(Of::plain);
  templates_.push_back(make({.kind = Kind::templated, .list = tree_.keep(before)}));
  Node* declared = declaration().node;
  if (declared == nullptr || has_failed()) return fail();
  templates_.pop_back();
  return make({.kind = Kind::declared_argument, .a = declared, .b = template_argument({})});
}

// A node of the arguments up to "E".
Node* Parser::arguments_until_end() {
  std::vector<Node*> list;
  while (!take('E') && !has_failed()) list.push_back(template_argument({}));
  return make({.kind = Kind::expressions, .list = tree_.keep(list)});
}

Node* Parser::template_parameter() {
  std::string_view start = rest_;
  skip(1);
  std::size_t level = take('L') ? static_cast<std::size_t>(compact_number()) : 0;
  int index = compact_number();
  if (failed_) return &nothing_;
  if (in_constraint_)
    return make({.kind = Kind::name, .text = start.substr(0, start.size() - rest_.size() - 1)});
  Node* around = level < templates_.size() ? templates_[level] : nullptr;
  bool is_known = level < templates_.size() &&
                  (around == nullptr || static_cast<std::size_t>(index) < around->list.size());
  if (is_known) return make({.kind = Kind::parameter, .number = index, .link = around});
  if (lambda_level_ == 0 || level != lambda_level_ - 1) return fail();
  return make({.kind = Kind::lambda_auto, .number = index});
}

Node* Parser::constrained(Node* node, Node* constraint) {
  return constraint == nullptr ? node : make({.kind = Kind::constrained, .a = node, .b = constraint});
}

Node* Parser::constraint() {
  skip(1);
  bool was_in_constraint = std::exchange(in_constraint_, true);
  Node* node = expression();
  in_constraint_ = was_in_constraint;
  return node;
}

Node* Parser::declared_name(std::string_view prefix, std::size_t counter) {
  return make({.kind = Kind::declared_name, .number = declared_[counter]++, .text = prefix});
}

// A template parameter that is declared in the name: of a lambda, say. Nothing when there is none.
Parser::Declaration Parser::declaration() {
  Descent down(tree_);
  if (!down) return {fail(), &nothing_};
  if (rest_.size() < 2 || !at('T')) return {};
  switch (rest_[1]) {
    case 'y': {
      skip(2);
      Node* declared = declared_name("$T", 0);
      return {make({.kind = Kind::type_parameter, .a = declared}), declared};
    }
    case 'k': {
      skip(2);
      bool was_in_constraint = std::exchange(in_constraint_, true);
      Node* concept_ = name().node;
      in_constraint_ = was_in_constraint;
      Node* declared = declared_name("$T", 0);
      return {make({.kind = Kind::constrained_parameter, .a = declared, .b = concept_}), declared};
    }
    case 'n': {
      skip(2);
      Node* declared = declared_name("$N", 1);
      return {make({.kind = Kind::value_parameter, .a = declared, .b = type(Of::plain)}), declared};
    }
    case 't': return template_declaration();
    case 'p': {
      skip(2);
      auto [node, declared] = declaration();
      if (node == nullptr) return {fail(), &nothing_};
      return {make({.kind = Kind::parameter_pack, .a = node}), declared};
    }
    default: return {};
  }
}

Parser::Declaration Parser::template_declaration() {
  skip(2);
  Node* declared = declared_name("$TT", 2);
  std::vector<Node*> declarations;
  std::vector<Node*> names;
  Node* scope = nullptr;
  Node* requirement = nullptr;
  while (!take('E')) {
    Declaration each = declaration();
    if (each.node == nullptr || has_failed()) return {fail(), &nothing_};
    declarations.push_back(each.node);
    names.push_back(each.name);
    if (scope == nullptr) templates_.push_back(scope = make({.kind = Kind::templated}));
    scope->list = tree_.keep(names);
    if (!at('Q')) continue;
    requirement = constraint();
    if (!at('E')) return {fail(), &nothing_};
  }
  if (scope != nullptr) templates_.pop_back();
  Node* node = make(
      {.kind = Kind::template_parameter, .a = declared, .c = requirement, .list = tree_.keep(declarations)});
  return {node, declared};
}

void Parser::bind(Node* node, Node* templated) {
  if (!failed_ && !bind_parameters(tree_, walks_, node, templated)) fail();
}

// A conversion operator with template arguments: what it converts to speaks of them, they do not.
void Parser::bind_cast(Node* cast, Node* templated) {
  bind(cast, templated);
  for (Node* argument : templated->list) bind(argument, nullptr);
}

// `before_constructor`: in a prefix, where the abbreviation of a class may name its constructor.
Node* Parser::substitution(bool before_constructor) {
  skip(1);
  char code = peek(0);
  if (code == '_' || is_digit(code) || is_upper(code)) {
    std::size_t index = sequence_id(false);
    return failed_ ? &nothing_ : candidate(index);
  }
  skip(1);
  Node* node = standard(code, before_constructor && (at('C') || at('D')));
  if (node == nullptr) return fail();
  if (at('B')) {
    node = tagged(node);
    candidates_.push_back(node);
  }
  return node;
}

Node* Parser::candidate(std::size_t index) {
  if (index >= candidates_.size()) return fail();
  Transplant transplant(tree_, walks_, candidates_[index], templates_, lambda_level_, in_constraint_);
  Node* node = transplant.run();
  return transplant.is_ok() && !tree_.is_exhausted() ? node : fail();
}

Node* Parser::standard(char code, bool in_full) {
  if (code == 't') return make({.kind = Kind::name, .is_standard = true, .text = "std"});
  for (const Abbreviation& each : kAbbreviations) {
    if (each.code != code) continue;
    if (!in_full || each.full.empty()) return make_standard(each.name, {});
    if (each.has_allocator) return make_standard(each.full, {"char_traits", "allocator"});
    return make_standard(each.full, {"char_traits"});
  }
  return nullptr;
}

// std::NAME, or std::NAME<char, std::ARGUMENT<char>…>.
Node* Parser::make_standard(std::string_view name, std::initializer_list<std::string_view> arguments) {
  Node* std = make({.kind = Kind::name, .text = "std"});
  Node* last = make({.kind = Kind::name, .text = name});
  Node* node = make({.kind = Kind::qualified, .is_standard = arguments.size() == 0, .a = std, .b = last});
  if (arguments.size() == 0) return node;
  Node* of_char = make({.kind = Kind::builtin, .text = "char"});
  std::vector<Node*> list = {of_char};
  for (std::string_view argument : arguments) {
    Node* plain = make_standard(argument, {});
    list.push_back(make({.kind = Kind::templated, .a = plain, .list = tree_.keep({{of_char}})}));
  }
  return make({.kind = Kind::templated, .is_standard = true, .a = node, .list = tree_.keep(list)});
}

}  // namespace weir::profiler::itanium
