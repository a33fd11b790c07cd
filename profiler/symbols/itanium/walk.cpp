#include "profiler/symbols/itanium/walk.h"

#include <algorithm>

namespace weir::profiler::itanium {
namespace {

class Simplify {
 public:
  Simplify(Tree& tree, Walks& walks) : tree_(tree), walks_(walks) {}

  Node* run(Node* node) {
    Walks::Walk here(walks_);
    return rewrite(
        tree_, node, [&](Node* each) { return here.visit(each); }, [&](Node* each) { return one(each); });
  }

 private:
  Node* one(Node* node) {
    switch (node->kind) {
      case Kind::parameter: return argument(node);
      case Kind::qualified_method: return method(node);
      case Kind::qualified_type: return type(node);
      case Kind::reference: return reference(node);
      case Kind::rvalue_reference:
        return node->a->kind == Kind::rvalue_reference || node->a->kind == Kind::reference ? node->a
                                                                                           : nullptr;
      case Kind::array: return array(node);
      case Kind::pack_expansion: return node->link != nullptr ? expand(node) : nullptr;
      default: return nullptr;
    }
  }

  static Node* argument(Node* node) {
    if (node->link == nullptr || static_cast<std::size_t>(node->number) >= node->link->list.size())
      return nullptr;
    return node->link->list[static_cast<std::size_t>(node->number)];
  }

  Node* method(Node* node) {
    Node* inner = node->a;
    if (inner->kind == Kind::qualified_type) {
      return tree_.make({.kind = Kind::qualified_method,
                         .text = node->text,
                         .a = inner->a,
                         .b = merge_qualifiers(tree_, node->b, inner->b)});
    }
    if (inner->kind != Kind::qualified_method) return nullptr;
    std::string_view ref = node->text.empty() ? inner->text : node->text;
    if (!inner->text.empty() && (ref == "&" || inner->text == "&")) ref = "&";
    return tree_.make({.kind = Kind::qualified_method,
                       .text = ref,
                       .a = inner->a,
                       .b = merge_qualifiers(tree_, node->b, inner->b)});
  }

  Node* type(Node* node) {
    Node* inner = node->a;
    if (inner->kind == Kind::function)
      return tree_.make({.kind = Kind::qualified_method, .a = inner, .b = node->b});
    if (inner->kind != Kind::qualified_type && inner->kind != Kind::qualified_method) return nullptr;
    return tree_.make({.kind = inner->kind,
                       .text = inner->text,
                       .a = inner->a,
                       .b = merge_qualifiers(tree_, node->b, inner->b)});
  }

  Node* reference(Node* node) {
    if (node->a->kind == Kind::reference) return node->a;
    if (node->a->kind != Kind::rvalue_reference) return nullptr;
    return tree_.make({.kind = Kind::reference, .a = node->a->a});
  }

  // An array of const things is a const array.
  Node* array(Node* node) {
    Node* element = node->b;
    if (element->kind != Kind::qualified_type) return nullptr;
    Node* plain = tree_.make({.kind = Kind::array, .a = node->a, .b = element->a});
    return tree_.make({.kind = Kind::qualified_type, .a = plain, .b = element->b});
  }

  Node* expand(Node* node) {
    Node* pack = node->link;
    std::vector<Node*> elements;
    for (Node* element : pack->list) {
      if (tree_.is_exhausted()) break;
      elements.push_back(run(with_element(node->a, pack, element)));
    }
    return tree_.make({.kind = Kind::expressions, .list = tree_.keep(elements)});
  }

  Node* with_element(Node* node, Node* pack, Node* element) {
    Walks::Walk here(walks_);
    return rewrite(
        tree_, node, [&](Node* each) { return each->kind == Kind::pack_expansion || here.visit(each); },
        [&](Node* each) { return each == pack ? element : nullptr; });
  }

  Tree& tree_;
  Walks& walks_;
};

// A lambda may have parameters of its own; what is left belongs to somebody outside.
bool has_unbound(Tree& tree, Walks::Walk& here, Node* node) {
  bool found = false;
  auto look = [&](Node* each) {
    if (each->kind == Kind::parameter && each->link == nullptr) found = true;
    return !found && !here.visit(each);
  };
  walk(tree, node, look);
  return found;
}

}  // namespace

Node* merge_qualifiers(Tree& tree, Node* first, Node* second) {
  if (first == nullptr) return second;
  if (second == nullptr) return first;
  std::vector<Node*> all(first->list.begin(), first->list.end());
  for (Node* other : second->list) {
    auto same = [&](Node* node) { return node->list.empty() && node->text == other->text; };
    if (!tree.spend(all.size())) break;
    if (other->list.empty() && std::ranges::any_of(all, same)) continue;
    all.push_back(other);
  }
  first->list = tree.keep(all);
  return first;
}

Node* simplify(Tree& tree, Walks& walks, Node* node) {
  return Simplify(tree, walks).run(node);
}

Node* find_pack(Tree& tree, Walks& walks, Node* node) {
  Node* pack = nullptr;
  Walks::Walk here(walks);
  auto look = [&](Node* each) {
    if (pack != nullptr) return false;
    if (each->kind == Kind::pack_expansion || each->kind == Kind::closure ||
        each->kind == Kind::default_argument || each->kind == Kind::tagged || each->kind == Kind::fixed_point)
      return false;
    if (each->kind == Kind::parameter && each->link != nullptr) {
      auto index = static_cast<std::size_t>(each->number);
      if (index < each->link->list.size() && each->link->list[index]->kind == Kind::pack)
        pack = each->link->list[index];
    }
    return pack == nullptr && !here.visit(each);
  };
  walk(tree, node, look);
  return pack;
}

bool bind_parameters(Tree& tree, Walks& walks, Node* node, Node* templated) {
  bool ok = true;
  Walks::Walk here(walks);
  auto look = [&](Node* each) {
    if (!ok) return false;
    if (each->kind == Kind::parameter) {
      if (each->link != nullptr) {
        ok = templated == nullptr;
      } else if (templated == nullptr || static_cast<std::size_t>(each->number) >= templated->list.size()) {
        ok = false;
      } else {
        each->link = templated;
      }
      return false;
    }
    if (each->kind == Kind::closure) {
      ok = templated != nullptr || !has_unbound(tree, here, each);
      return false;
    }
    return !here.visit(each);
  };
  walk(tree, node, look);
  return ok;
}

}  // namespace weir::profiler::itanium
