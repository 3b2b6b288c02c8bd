--------------------------------------------------------------------------------
Profile data file 'callgrind-3.19.0.out' (creator: callgrind-3.19.0)
--------------------------------------------------------------------------------
I1 cache: 32768 B, 64 B, 8-way associative
D1 cache: 32768 B, 64 B, 8-way associative
LL cache: 268435456 B, 64 B, direct-mapped
Timerange: Basic block 0 - 757
Trigger: Program termination
Profiled target:  ./tiny (PID 31788, part 1)
Events recorded:  Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw
Events shown:     Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw
Event sort order: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw
Thresholds:       100 0 0 0 0 0 0 0 0
Include dirs:     
User annotated:   
Auto-annotation:  off

--------------------------------------------------------------------------------
Ir    Dr  Dw  I1mr D1mr D1mw ILmr DLmr DLmw 
--------------------------------------------------------------------------------
2,533 228 229    6    1    4    6    1    4  PROGRAM TOTALS

--------------------------------------------------------------------------------
Ir    Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw  file:function
--------------------------------------------------------------------------------
1,182  .  .    .    .    .    .    .    .  /tmp/tiny/shared.h:leaf [/tmp/tiny/tiny]
  385 70 98    1    0    2    1    0    2  /tmp/tiny/tiny.c:down'2 [/tmp/tiny/tiny]
  189 21 21    .    .    .    .    .    .  /tmp/tiny/tiny.c:odd'2 [/tmp/tiny/tiny]
  182 28 14    .    .    .    .    .    .  /tmp/tiny/tiny.c:even'2 [/tmp/tiny/tiny]
  126 14 14    .    .    .    .    .    .  /tmp/tiny/tiny.c:even [/tmp/tiny/tiny]
  126 14 14    .    .    .    .    .    .  /tmp/tiny/tiny.c:odd [/tmp/tiny/tiny]
  119 11 33    1    1    0    1    1    .  /tmp/tiny/tiny.c:work [/tmp/tiny/tiny]
   90 45  .    .    .    .    .    .    .  /tmp/tiny/tiny.c:leaf
   84 14 21    .    .    .    .    .    .  /tmp/tiny/tiny.c:down [/tmp/tiny/tiny]
   32  8  8    .    .    .    .    .    .  /tmp/tiny/tiny.c:right [/tmp/tiny/tiny]
   11  3  4    2    0    0    2    .    .  /tmp/tiny/tiny.c:left [/tmp/tiny/tiny]
    4  0  2    1    0    2    1    0    2  /tmp/tiny/tiny.c:(below main) [/tmp/tiny/tiny]

