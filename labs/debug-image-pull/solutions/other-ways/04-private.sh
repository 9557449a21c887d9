# The service account names the Secret, for all Pods that are made from now on.
kubectl create secret docker-registry team-registry --docker-server=http://127.0.0.1:$(kubectl get service registry -o jsonpath='{.spec.ports[0].nodePort}') --docker-username=clerk --docker-password={{params.password}}
kubectl patch serviceaccount default -p '{"imagePullSecrets": [{"name": "team-registry"}]}'
kubectl run pine --image=127.0.0.1:$(kubectl get service registry -o jsonpath='{.spec.ports[0].nodePort}')/team/app:v1 --overrides='{"spec": {"containers": [{"name": "app", "image": "127.0.0.1:'"$(kubectl get service registry -o jsonpath='{.spec.ports[0].nodePort}')"'/team/app:v1"}]}}'
podlab answer asked "say who you are"
