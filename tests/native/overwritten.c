/* Given `header` or `behind`, overwrites a block's header or the byte behind a
 * block, neither of which anybody frees; ends well.
 */
#include <stdlib.h>
#include <string.h>

int main(int count, char** arguments) {
  char* volatile block = (char*)malloc(5001);
  if (!block || !arguments[0]) return 1;
  if (count != 2) return 0;
  if (!strcmp(arguments[1], "header"))
    memset(block - sizeof(void*), 0, sizeof(void*));
  if (!strcmp(arguments[1], "behind")) block[5001] ^= 1;
  return 0;
}
