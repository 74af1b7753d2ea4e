// Messages to the author of a policy that is refused: which line, what is wrong with it, and the
// way out. And that what is let through stays inside of its flow.
#include "tests/dataplane/bpf/compiler.hh"

#include <fstream>

namespace lagg::bpf {
namespace {

struct Refusals : WithCompiler {};

TEST_F(Refusals, Loop) {
    EXPECT_EQ(
        refusal("LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) {\n"
                "    lagg_u32 x = 0;\n"
                "    for (lagg_u32 i = 0; i < flow->length; i++)\n"
                "        x = lagg_mix(x, i);\n"
                "    return x;\n"
                "}\n"),
        "policy FILE.o: FILE.c:4: 'for (lagg_u32 i = 0; i < flow->length; i++)': a loop, and a "
        "policy has none; write '#pragma unroll' before it and give it a constant count");
}

TEST_F(Refusals, ReadsBehindTheFlow) {
    EXPECT_EQ(
        refusal("\n" + policy("return flow->memory[256];")),
        "policy FILE.o: FILE.c:3: 'LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) { return "
        "flow->memory[256]; }': reads octet 1152 of struct lagg_flow, which has 1152");
}

TEST_F(Refusals, WritesBeforeTheFlow) {
    EXPECT_EQ(refusal("LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) {\n"
                      "    *((lagg_u32 *)flow - 1) = 7;\n"
                      "    return 0;\n"
                      "}\n"),
              "policy FILE.o: FILE.c:3: '*((lagg_u32 *)flow - 1) = 7;': writes octet -4 of struct "
              "lagg_flow, which has 1152");
}

TEST_F(Refusals, IndexWithoutABound) {
    EXPECT_EQ(refusal("LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) {\n"
                      "    flow->memory[flow->source_port] = 1;\n"
                      "    return 0;\n"
                      "}\n"),
              "policy FILE.o: FILE.c:3: 'flow->memory[flow->source_port] = 1;': writes at an index "
              "that may lie outside of struct lagg_flow; bound it with a mask, as in "
              "flow->memory[i & 255]");
}

// librte_bpf 22.11 takes the index for zero here: it is not above a number of which it knows no
// more than that it is not below zero.
TEST_F(Refusals, IndexBoundedByAnotherVariable) {
    EXPECT_EQ(
        refusal("LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) {\n"
                "    if (flow->spi > flow->length) return 0;\n"
                "    return flow->memory[flow->spi];\n"
                "}\n"),
        "policy FILE.o: FILE.c:4: 'return flow->memory[flow->spi];': reads at an index that may "
        "lie outside of struct lagg_flow; bound it with a mask, as in flow->memory[i & 255]");
}

TEST_F(Refusals, ComparisonWithAConstantThatIsTooLarge) {
    for (const char *bound : {"<= 255", "< 256"})
        EXPECT_EQ(refusal(policy("if (flow->spi " + std::string(bound) +
                                 ") return flow->memory[flow->spi]; return 0;")),
                  "(accepted)");
    for (const char *bound : {"<= 256", "< 257", "> 255"})
        EXPECT_NE(refusal(policy("if (flow->spi " + std::string(bound) +
                                 ") return flow->memory[flow->spi]; return 0;"))
                      .find("may lie outside"),
                  std::string::npos)
            << bound;
}

TEST_F(Refusals, MaskThatIsTooWide) {
    EXPECT_NE(refusal(policy("return flow->memory[flow->spi & 511];")).find("may lie outside"),
              std::string::npos);
}

TEST_F(Refusals, CallOfAFunction) {
    EXPECT_EQ(refusal("static __attribute__((noinline)) lagg_u32 f(lagg_u32 a) { return a * 7; }\n"
                      "LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) {\n"
                      "    return f(flow->spi);\n"
                      "}\n"),
              "policy FILE.o: FILE.c:4: 'return f(flow->spi);': calls a function, which a policy "
              "cannot; write LAGG_INLINE before that function");
}

TEST_F(Refusals, Table) {
    EXPECT_EQ(
        refusal("static const lagg_u32 table[5] = {7, 100, 13, 5, 2};\n"
                "LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) {\n"
                "    return table[flow->spi & 3];\n"
                "}\n"),
        "policy FILE.o: FILE.c:4: 'return table[flow->spi & 3];': reads a global variable or a "
        "table of constants, and a policy has none; use if or switch, or flow->memory");
}

// clang puts it into a section of its own, which libbpf stumbles over before there is a line.
TEST_F(Refusals, TableOf16Octets) {
    EXPECT_EQ(
        refusal("static const lagg_u32 table[4] = {7, 100, 13, 5};\n" +
                policy("return table[flow->spi & 3];")),
        "policy FILE.o: has a table of constants, and a policy has none; use if or switch, or "
        "flow->memory");
}

TEST_F(Refusals, GlobalVariable) {
    EXPECT_EQ(refusal("lagg_u32 count;\n"
                      "LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) {\n"
                      "    return count++;\n"
                      "}\n"),
              "policy FILE.o: FILE.c:4: 'return count++;': reads a global variable or a table of "
              "constants, and a policy has none; use if or switch, or flow->memory");
}

TEST_F(Refusals, NewerInstructions) {
    EXPECT_EQ(
        refusal("LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) {\n"
                "    if (flow->length > 1000) return LAGG_BUCKET(7);\n"
                "    return flow->spi;\n"
                "}\n",
                "-g -mcpu=v3"),
        "policy FILE.o: FILE.c:3: 'if (flow->length > 1000) return LAGG_BUCKET(7);': jumps in a "
        "way that came with version 3 of BPF; compile with -mcpu=v2");
}

TEST_F(Refusals, Map) {
    EXPECT_EQ(
        refusal("struct { int (*type)[1]; int (*max_entries)[4]; lagg_u32 *key, *value; } seen\n"
                "    __attribute__((section(\".maps\"), used));\n" +
                policy("return 1;")),
        "policy FILE.o: has a map, 'seen', and a policy has none; keep what has to stay in "
        "flow->memory");
}

TEST_F(Refusals, HelperOfTheKernel) {
    EXPECT_EQ(
        refusal("static lagg_u64 (*time)(void) = (void *)5;\n"
                "LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) {\n"
                "    return time();\n"
                "}\n"),
        "policy FILE.o: FILE.c:4: 'return time();': calls helper 5 of the kernel, and there is "
        "none here; a policy can only look at its flow");
}

TEST_F(Refusals, FunctionThatIsNowhere) {
    EXPECT_EQ(refusal("lagg_u32 murmur(lagg_u32);\n" + policy("return murmur(flow->spi);")),
              "policy FILE.o: uses murmur, which is declared and not defined; a policy has nothing "
              "but its own file and lagg_policy.h");
}

/// `count` times a statement whose numbers differ.
std::string many(int count, const std::string &before, const std::string &behind) {
    std::string source = "lagg_u32 x = 0;";
    for (int i = 0; i < count; i++)
        source += before + std::to_string(i % 256) + behind + "\n";
    return policy(source + "return x;");
}

TEST_F(Refusals, TooLong) {
    const std::string message = refusal(
        many(700, "x = lagg_mix(x, flow->memory[", "]); *(volatile lagg_u32 *)&flow->spi = x;"));
    EXPECT_EQ(message.find("policy FILE.o: the program is too long, "), 0u) << message;
    EXPECT_NE(message.find(" instructions; a policy has at most 4096"), std::string::npos)
        << message;
}

// It would keep librte_bpf's verifier busy for years.
TEST_F(Refusals, TooManyWays) {
    EXPECT_EQ(
        refusal(many(100, "if (flow->memory[", "] > 77) x = lagg_mix(x, flow->spi);")),
        "policy FILE.o: the program has more than a million ways through its conditions; return "
        "as soon as the result is known, or calculate instead of asking");
}

TEST_F(Refusals, NoPolicyOrTwo) {
    EXPECT_EQ(refusal("lagg_u32 nothing = 7;\n"),
              "policy FILE.o: has no policy; write LAGG_POLICY before the policy's function");
    EXPECT_EQ(
        refusal("LAGG_POLICY lagg_u64 one(struct lagg_flow *flow) { return flow->spi; }\n"
                "LAGG_POLICY lagg_u64 two(struct lagg_flow *flow) { return 2; }\n"),
        "policy FILE.o: has 2 policies, one, two; a file has one, and LAGG_INLINE stands before "
        "its other functions");
}

// Mistakes that only librte_bpf sees are told in its own words, with the line.
TEST_F(Refusals, ResultThatIsNotSet) {
    EXPECT_EQ(refusal("LAGG_POLICY void policy(struct lagg_flow *flow) {\n"
                      "    flow->memory[0] = 1;\n"
                      "}\n"),
              "policy FILE.o: FILE.c:4: '}': undefined return value");
}

TEST_F(Refusals, IndexThatOnlyWeUnderstand) {
    EXPECT_EQ(refusal("LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) {\n"
                      "    lagg_u64 i = flow->now_us * 7 >> 56;\n"
                      "    return ((lagg_u8 *)flow)[i];\n"
                      "}\n"),
              "policy FILE.o: FILE.c:4: 'return ((lagg_u8 *)flow)[i];': uses an index whose bound "
              "librte_bpf does not see; bound it with a mask, as in flow->memory[i & 255]");
}

TEST_F(Refusals, WithoutLines) {
    EXPECT_EQ(refusal(policy("return flow->memory[256];"), "-mcpu=v2"),
              "policy FILE.o: instruction 0 (compile with -g to see the line): reads octet 1152 of "
              "struct lagg_flow, which has 1152");
}

TEST_F(Refusals, FilesThatAreNone) {
    EXPECT_EQ(Program::load("/nowhere/p.o").error().message,
              "policy /nowhere/p.o: No such file or directory");
    EXPECT_EQ(Program::load("/dev/zero").error().message,
              "policy /dev/zero: it is a device and not a regular file");
    compile(policy("return 0;"));
    EXPECT_EQ(Program::load(directory_ + "/p.c").error().message,
              "policy " + directory_ +
                  "/p.c: is no object file; 'lagglab policy build FILE.c' makes "
                  "one of a policy in C");
    EXPECT_EQ(Program::load("/usr/bin/true").error().message,
              "policy /usr/bin/true: is an object file for another machine than BPF; compile it "
              "with 'lagglab policy build FILE.c', or clang -target bpf");
}

// Cut off anywhere, an object file is refused or a policy, and never the end of the daemon.
TEST_F(Refusals, ObjectFileCutOff) {
    const std::string object = compile(policy("return flow->hash;"));
    std::ifstream file(object, std::ios::binary);
    const std::string whole(std::istreambuf_iterator<char>(file), {});
    for (size_t size = 0; size < whole.size(); size += 41) {
        std::ofstream(directory_ + "/cut.o", std::ios::binary) << whole.substr(0, size);
        const auto program = Program::load(directory_ + "/cut.o");
        EXPECT_FALSE(program) << size;
    }
}

} // namespace
} // namespace lagg::bpf
