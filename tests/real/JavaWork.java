import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Maps, strings, zlib (which takes its memory from malloc) and threads. */
public final class JavaWork {
  private static String work(int seed) {
    Random random = new Random(seed);
    TreeMap<String, List<Integer>> map = new TreeMap<>();
    for (int i = 0; i < 20_000; ++i) {
      map.computeIfAbsent("k" + random.nextInt(9000), key -> new ArrayList<>()).add(i);
    }
    CRC32 sum = new CRC32();
    String text = map.toString();
    byte[] packed = new byte[1 << 20];
    for (int i = 0; i < 60; ++i) {
      Deflater deflater = new Deflater(1 + i % 9);
      deflater.setInput(text.substring(i * 1000, i * 1000 + 60_000).getBytes());
      deflater.finish();
      sum.update(packed, 0, deflater.deflate(packed));
      deflater.end();
    }
    return seed + " " + map.size() + " " + sum.getValue();
  }

  public static void main(String[] arguments) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<String>> answers = new ArrayList<>();
    for (int i = 0; i < 4; ++i) {
      int seed = i;
      answers.add(threads.submit((Callable<String>) () -> work(seed)));
    }
    for (Future<String> answer : answers) System.out.println(answer.get());
    threads.shutdown();
  }
}
