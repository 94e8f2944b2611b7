# Word counts, records in hashes, sorting, substitution over growing strings.
use strict;
use warnings;
my $seed = 7;
sub random { $seed = ($seed * 1103515245 + 12345) & 0x7fffffff; return $seed >> 8; }
my (%count, @records);
for my $line (1 .. 12000) {
  my @words = map { "w" . (random() % (1 + random() % 20000)) } 1 .. 1 + random() % 8;
  $count{$_}++ for @words;
  push @records, { line => $line, text => join(" ", @words), words => [@words] };
}
my @top = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
my $report = "";
for my $record (grep { $_->{line} % 3 } @records) {
  (my $text = $record->{text}) =~ s/w(\d+)/<$1>/g;
  $report .= "$record->{line}: $text\n";
}
@records = grep { $_->{line} % 2 } @records;
printf "%d %d %s\n", scalar(@top), length($report), $top[0];
