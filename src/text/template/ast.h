// What the parser makes of a template: expressions that give a value, statements that write text.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/template/value.h"

namespace hanok::text::jinja {

struct Expression {
  enum class Kind {
    Constant,     // value
    Name,         // text
    List,         // parts
    Tuple,        // parts
    Dict,         // parts: key, value, key, value
    Unary,        // text: "-" "+" "not"; parts[0]
    Binary,       // text; parts[0], parts[1]; "and", "or" look at the second only where needed
    Compare,      // parts[0] texts[0] parts[1] texts[1] parts[2] ...: a chain as in Python
    Conditional,  // parts: condition, then, else (may be null: undefined)
    Attribute,    // parts[0].text
    Item,         // parts[0][parts[1]]
    Slice,        // parts[0][parts[1]:parts[2]:parts[3]], each bound may be null
    Call,         // parts[0](positional..., named...)
    Filter,       // parts[0] | text(positional..., named...)
    Test,         // parts[0] is text(positional...)
  };
  Kind kind = Kind::Constant;
  size_t line = 0;
  std::string text;
  Value value;
  std::vector<std::unique_ptr<Expression>> parts;
  std::vector<std::string> texts;
  std::vector<std::pair<std::string, std::unique_ptr<Expression>>> named;
};

struct Statement;
using Block = std::vector<std::unique_ptr<Statement>>;

struct Statement {
  enum class Kind {
    Text,         // text
    Output,       // expression
    If,           // branches: condition (null for else), body
    For,          // names in expression, if filter: body, else: otherwise
    Set,          // names = expression; one name with a dot: an attribute of a namespace
    SetBlock,     // names[0] = what body writes
    Macro,        // text(names with defaults): body
    CallBlock,    // {% call expression %} body {% endcall %}: the macro's caller()
    FilterBlock,  // expression over a Name "" that stands for the body's text
    Break,
    Continue,
    Group,  // body as it stands ({% generation %})
  };
  Kind kind = Kind::Text;
  size_t line = 0;
  std::string text;
  std::vector<std::string> names;
  std::vector<std::unique_ptr<Expression>> defaults;  // of a macro's parameters; null where there is none
  std::unique_ptr<Expression> expression, filter;
  Block body, otherwise;
  std::vector<std::pair<std::unique_ptr<Expression>, Block>> branches;
};

}  // namespace hanok::text::jinja
