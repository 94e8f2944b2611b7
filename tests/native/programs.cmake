# Real programs over the libraries that users get.
if(NOT WIN32)
  mote_add_test(preload
    bash ${CMAKE_CURRENT_LIST_DIR}/preload $<TARGET_FILE:mote_shared>)
  mote_add_test(static_link
    bash ${CMAKE_CURRENT_LIST_DIR}/static_link $<TARGET_FILE:mote>)
endif()
