#include "control/config/row.hh"

#include "control/config/choices.hh"

namespace lagg::config {

const char *to_text(Cost cost) {
    static constexpr Choice<Cost> kCosts[] = {{"nothing", Cost::NOTHING},
                                              {"renegotiates", Cost::RENEGOTIATES},
                                              {"restarts_port", Cost::RESTARTS_PORT},
                                              {"remakes_upper", Cost::REMAKES_UPPER},
                                              {"restarts_daemon", Cost::RESTARTS_DAEMON}};
    return word_of(kCosts, cost);
}

Form boolean_form() {
    return {.type = Form::Type::BOOLEAN};
}

Form integer_form(int64_t least, int64_t most) {
    return {.type = Form::Type::INTEGER, .least = least, .most = most};
}

Form text_form(std::string pattern) {
    return {.type = Form::Type::TEXT, .pattern = std::move(pattern)};
}

Form words_form(std::vector<std::string> words) {
    return {.type = Form::Type::TEXT, .words = std::move(words)};
}

Form array_form(Form items) {
    return {.type = Form::Type::ARRAY, .forms = {std::move(items)}};
}

Form table_form(Rows rows) {
    return {.type = Form::Type::TABLE, .rows = std::move(rows)};
}

Form any_of(std::vector<Form> forms) {
    return {.type = Form::Type::ANY_OF, .forms = std::move(forms)};
}

} // namespace lagg::config
