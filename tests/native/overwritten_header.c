/* Given an argument, clears the header of a block that nobody frees; ends well.
 */
#include <stdlib.h>
#include <string.h>

int main(int count, char** arguments) {
  char* volatile block = (char*)malloc(5000);
  if (!block || !arguments[0]) return 1;
  if (count == 2) memset(block - sizeof(void*), 0, sizeof(void*));
  return 0;
}
