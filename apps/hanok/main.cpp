#include <cstdio>

int main() { std::puts("hanok " HANOK_VERSION); }
