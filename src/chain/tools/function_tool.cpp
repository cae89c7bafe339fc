#include "base/json.h"
#include "chain/outputs/schema_check.h"
#include "hanok/error.h"
#include "hanok/tools.h"

namespace hanok::chain {
namespace {

class FunctionTool final : public AgentTool {
 public:
  FunctionTool(Tool definition, std::function<std::string(const std::string&)> call)
      : definition_(std::move(definition)), call_(std::move(call)) {}
  const Tool& definition() const override { return definition_; }
  std::string call(const std::string& input) const override { return call_(input); }

 private:
  Tool definition_;
  std::function<std::string(const std::string&)> call_;
};

}  // namespace

std::shared_ptr<const AgentTool> make_tool(Tool definition, std::function<std::string(const std::string& input)> call) {
  const auto schema = base::parse_json(definition.parameters, "parameters of the tool " + definition.name);
  const auto type = schema.find("type");
  if (!schema.is_object() || (type != schema.end() && *type != "object"))
    throw Error(Code::Invalid, "tool " + definition.name + ": parameters of type object were expected");
  return std::make_shared<FunctionTool>(std::move(definition), std::move(call));
}

std::string unfit_input(const AgentTool& tool, const std::string& input) {
  try {
    (void)base::parse_json(input, "input");
    const auto schema = base::OrderedJson::parse(tool.definition().parameters), value = base::OrderedJson::parse(input);
    if (!value.is_object()) return "the input must be a JSON object";
    try {
      return why_not(schema, value);
    } catch (const Error& e) {
      // A keyword that is not known here is the tool's own affair.
      if (e.code() != Code::Unsupported && e.code() != Code::Invalid) throw;
      return "";
    }
  } catch (const Error& e) {
    return e.what();
  } catch (const base::OrderedJson::exception& e) {
    return e.what();
  }
}

}  // namespace hanok::chain
