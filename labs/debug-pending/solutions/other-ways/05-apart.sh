# A toleration may be added to a Pod that waits, and need not say a value.
kubectl apply -f rowan.yaml
kubectl patch pod rowan --type=json -p '[{"op":"add","path":"/spec/tolerations/-","value":{"key":"{{params.team}}","operator":"Exists","effect":"NoSchedule"}}]'
podlab answer permits "onto any node with room, with the taint or without"
podlab answer which-taint {{params.team}}=only:NoSchedule
